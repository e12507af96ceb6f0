"""Store what a round of asking for linked records led to, and let the runs go that it was for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.persisting import persist
from service.handlers.linking import free_runs, let_next_go, lock_records_of, skip_runs
from service.links.claims import ClaimedExpansion
from service.links.repository import Finished, Seen, store_again, store_finished, store_seen
from service.links.resolving import RecordKey
from service.pipeline.linking.conditions import Miss, judge_conditions
from service.pipeline.linking.verdicts import Verdict
from service.records.late_verdicts import store_late_verdicts

_log = structlog.get_logger()

Match = tuple[UUID, str]
Verdicts = Mapping[Match, Verdict]


@dataclass(frozen=True, slots=True)
class Freed:
    """What stored expansions led to."""

    handlers: frozenset[str] = frozenset()
    """Those that have one more run ready."""
    missed: Mapping[Match, Miss] = field(default_factory=dict)
    """The rules that do not apply after all."""

    def __add__(self, other: "Freed") -> "Freed":
        return Freed(self.handlers | other.handlers, {**self.missed, **other.missed})


class RoundStore:
    """Stores one round: that of a claim."""

    def __init__(
        self, engine: AsyncEngine, account: str, token: UUID, claimed: Mapping[Match, ClaimedExpansion]
    ) -> None:
        self._engine, self._account, self._token, self._claimed = engine, account, token, claimed

    async def store(self, verdicts: Verdicts, seen: Mapping[RecordKey, Seen]) -> Freed:
        """Store a round; what can't be stored is found by halving, and named as a gap."""
        try:
            return await persist(lambda: self._write(verdicts, seen))
        except Exception as error:  # noqa: BLE001  a value that Postgres does not take can stand anywhere
            failure = error
        if seen:
            return await self.store(verdicts, {})  # it is asked for again, where needed
        if len(verdicts) > 1:
            matches = list(verdicts)
            middle = len(matches) // 2
            first = {match: verdicts[match] for match in matches[:middle]}
            second = {match: verdicts[match] for match in matches[middle:]}
            return await self.store(first, {}) + await self.store(second, {})
        ((match, verdict),) = verdicts.items()
        _log.error(
            "links.refused", account=self._account, change=str(match[0]), rule=match[1], exc_info=failure
        )
        without: Verdicts = {match: _without_records(verdict, failure)}
        return await persist(lambda: self._write(without, {}))

    async def _write(self, verdicts: Verdicts, seen: Mapping[RecordKey, Seen]) -> Freed:
        finished = {match: each for match, each in verdicts.items() if isinstance(each, Finished)}
        again = {match: each for match, each in verdicts.items() if not isinstance(each, Finished)}
        freed = Freed()
        async with self._engine.begin() as connection:
            if finished:
                await lock_records_of(connection, list(finished))
                ours = await store_finished(connection, self._token, finished)
                freed = await self._free(connection, {match: finished[match] for match in ours})
            if again:
                await store_again(connection, self._token, again)
            if seen:
                await store_seen(connection, self._account, seen)
        return freed

    async def _free(self, connection: AsyncConnection, finished: Mapping[Match, Finished]) -> Freed:
        """Let runs go, or skip them. First these: for what is behind them they are finished already."""
        missed = {
            match: miss
            for match, each in finished.items()
            if (miss := judge_conditions(self._claimed[match], each)) is not None
        }
        skipped = []
        if missed:
            skipped = await skip_runs(connection, {match: miss.reason for match, miss in missed.items()})
            await store_late_verdicts(connection, _by_change(missed))
        handlers = await free_runs(connection, [match for match in finished if match not in missed])
        if skipped:
            handlers += await let_next_go(connection, skipped)
        return Freed(frozenset(handlers), missed)


def _by_change(missed: Mapping[Match, Miss]) -> dict[UUID, dict[str, str]]:
    decided: dict[UUID, dict[str, str]] = {}
    for (change_id, rule), miss in missed.items():
        decided.setdefault(change_id, {})[rule] = miss.decided_by
    return decided


def _without_records(verdict: Verdict, error: Exception) -> Verdict:
    """Name every linked record as a gap: one of them has values that can't be stored."""
    reason = f"the linked records can't be stored: {type(error).__name__}"
    if not isinstance(verdict, Finished):
        return replace(verdict, reason=reason)
    gaps = {
        path: [str(fields.get("id")) for fields in records] + list(verdict.gaps.get(path, ()))
        for path, records in verdict.linked.items()
    }
    return Finished({path: [] for path in gaps}, gaps, reason)
