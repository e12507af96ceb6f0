"""expand(account): fetch the linked records that rules wait for, then let their runs go (DESIGN §5).

    tx1  claim all that is due of the account (one process at a time)
    --   level by level: what is known and fresh · ask the provider for the rest, many with one call
    tx2  the records · only what is still ours · linked records and gaps · the runs ready, or waiting
    --   ring for the runs, and again if more is due

What is missing is asked for again, and nothing else; at last it is named as a gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.handlers.linking import free_runs, lock_records_of
from service.links.claims import ClaimedExpansion, claim_expansions, is_expansion_due, take_back_claim
from service.links.repository import Finished, Seen, store_again, store_finished, store_seen
from service.links.resolving import RecordKey
from service.pipeline.bells import Bells
from service.pipeline.linking.acceptance import note_acceptance
from service.pipeline.linking.accounts import LinkedAccount
from service.pipeline.linking.rounds import LinkRound
from service.pipeline.linking.verdicts import Verdict, judge, judge_failure
from service.records.halts import HALT_PAUSE, note_probe, read_rest

_log = structlog.get_logger()

MOST_AT_ONCE = 500
"""So many changes' links are fetched in one round: they are held in memory."""

Verdicts = Mapping[tuple[UUID, str], Verdict]


class Expander:
    """Fetches linked records for one process."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        process_id: UUID,
        lost_after: timedelta,
        accounts: Mapping[str, LinkedAccount],
        pauses: Sequence[timedelta],
        bells: Bells,
    ) -> None:
        """`pauses`: after which linked records that are absent are asked for again, before they are a gap."""
        self._engine, self._process_id, self._lost_after = engine, process_id, lost_after
        self._accounts, self._pauses, self._bells = accounts, tuple(pauses), bells

    async def expand(self, account: str) -> None:
        """Do one round for an account. Does nothing while another process is at it.

        An account that left the configuration is left alone: its runs wait.
        """
        linked_account = self._accounts.get(account)
        if linked_account is None:
            _log.warning("account.not_found", account=account)
            return
        token = uuid4()
        claimed, halted = await self._claim(account, token)
        if not claimed:
            return
        began = monotonic()
        round_ = LinkRound(self._engine, account, linked_account, at=claimed[0].claimed_at)
        verdicts: Verdicts
        try:
            resolved = await round_.resolve(claimed)
            verdicts = {
                each.match: judge(each, resolved[each.match], round_.fetched, self._pauses)
                for each in claimed
            }
            seen = round_.lasting(resolved, verdicts)
        except Exception as error:  # noqa: BLE001  whatever it is, what was claimed must be given back
            _log.warning("links.failed", account=account, error=repr(error), exc_info=error)
            verdicts, seen = {each.match: judge_failure(each, error) for each in claimed}, {}
        await note_acceptance(self._engine, account, round_.fetched, halted=halted)
        handlers = await self._store(account, token, verdicts, seen)
        _tell(account, verdicts, calls=round_.fetched.calls, seconds=monotonic() - began)
        for handler in handlers:
            self._bells.ring_run(handler)
        await self._look_again(account)

    async def _claim(self, account: str, token: UUID) -> tuple[list[ClaimedExpansion], bool]:
        """Claim what is due, and tell whether the account is halted. None while it is left alone."""
        try:
            async with self._engine.begin() as connection:
                if await read_rest(connection, account) is not None:
                    return [], True
                claimed = await claim_expansions(
                    connection,
                    account,
                    most=MOST_AT_ONCE,
                    token=token,
                    holder=self._process_id,
                    lost_after=self._lost_after,
                )
                return claimed, bool(claimed) and await note_probe(connection, account, pause=HALT_PAUSE)
        except Exception as error:
            if is_our_fault(error):
                # It may be committed all the same: what we hold and don't know of would wait for ever.
                await persist(lambda: self._take_back(account, token))
            raise

    async def _take_back(self, account: str, token: UUID) -> None:
        async with self._engine.begin() as connection:
            await take_back_claim(connection, account, token)

    async def _store(
        self, account: str, token: UUID, verdicts: Verdicts, seen: Mapping[RecordKey, Seen]
    ) -> set[str]:
        """Store a round; what can't be stored is found by halving, and named as a gap."""
        try:
            return await persist(lambda: self._write(account, token, verdicts, seen))
        except Exception as error:  # noqa: BLE001  a value that Postgres does not take can stand anywhere
            failure = error
        if seen:
            return await self._store(account, token, verdicts, {})  # it is asked for again, where needed
        if len(verdicts) > 1:
            matches = list(verdicts)
            middle = len(matches) // 2
            first = {match: verdicts[match] for match in matches[:middle]}
            second = {match: verdicts[match] for match in matches[middle:]}
            return await self._store(account, token, first, {}) | await self._store(
                account, token, second, {}
            )
        ((match, verdict),) = verdicts.items()
        _log.error("links.refused", account=account, change=str(match[0]), rule=match[1], exc_info=failure)
        without: Verdicts = {match: _without_records(verdict, failure)}
        return await persist(lambda: self._write(account, token, without, {}))

    async def _write(
        self, account: str, token: UUID, verdicts: Verdicts, seen: Mapping[RecordKey, Seen]
    ) -> set[str]:
        finished = {match: each for match, each in verdicts.items() if isinstance(each, Finished)}
        again = {match: each for match, each in verdicts.items() if not isinstance(each, Finished)}
        handlers: list[str] = []
        async with self._engine.begin() as connection:
            if finished:
                await lock_records_of(connection, list(finished))
                ours = await store_finished(connection, token, finished)
                handlers = await free_runs(connection, ours)
            if again:
                await store_again(connection, token, again)
            if seen:
                await store_seen(connection, account, seen)
        return set(handlers)

    async def _look_again(self, account: str) -> None:
        async with self._engine.connect() as connection:
            if await is_expansion_due(connection, account):
                self._bells.ring_expand(account)


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


def _tell(account: str, verdicts: Verdicts, *, calls: int, seconds: float) -> None:
    finished = [each for each in verdicts.values() if isinstance(each, Finished)]
    waiting = [each for each in verdicts.values() if not isinstance(each, Finished)]
    _log.info(
        "links.fetched",
        account=account,
        finished=len(finished),
        again=len(waiting),
        gaps=sum(len(ids) for each in finished for ids in each.gaps.values()),
        calls=calls,
        reason=next((each.reason for each in verdicts.values() if each.reason), None),
        seconds=round(seconds, 3),
    )
