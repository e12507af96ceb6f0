"""expand(account): fetch the linked records that rules wait for, then let their runs go (DESIGN §5).

    tx1  claim all that is due of the account (one process at a time)
    --   level by level: what is known and fresh · ask the provider for the rest, many with one call
    tx2  the records · only what is still ours · linked records and gaps · what the rule asks of them:
         the runs ready, or waiting, or skipped
    --   ring for the runs, and again if more is due

What is missing is asked for again, and nothing else; at last it is named as a gap.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.failures import is_our_fault
from service.db.persisting import persist
from service.links.claims import ClaimedExpansion, claim_expansions, is_expansion_due, take_back_claim
from service.links.repository import Finished
from service.pipeline.bells import Bells
from service.pipeline.linking.acceptance import note_acceptance
from service.pipeline.linking.accounts import LinkedAccount
from service.pipeline.linking.rounds import LinkRound
from service.pipeline.linking.storing import Freed, Match, RoundStore, Verdicts
from service.pipeline.linking.verdicts import judge, judge_failure
from service.records.halts import HALT_PAUSE, note_probe, read_rest

_log = structlog.get_logger()

MOST_AT_ONCE = 500
"""So many changes' links are fetched in one round: they are held in memory."""


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
        by_match = {each.match: each for each in claimed}
        freed = await RoundStore(self._engine, account, token, by_match).store(verdicts, seen)
        _tell_skipped(by_match, freed)
        _tell(account, verdicts, calls=round_.fetched.calls, seconds=monotonic() - began)
        for handler in sorted(freed.handlers):
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

    async def _look_again(self, account: str) -> None:
        async with self._engine.connect() as connection:
            if await is_expansion_due(connection, account):
                self._bells.ring_expand(account)


def _tell_skipped(claimed: Mapping[Match, ClaimedExpansion], freed: Freed) -> None:
    for match, miss in freed.missed.items():
        change = claimed[match].change
        _log.info(
            "match.skipped",
            change=str(change.id),
            account=change.account,
            app=change.app.id,
            record=change.record_id,
            rule=match[1],
            reason=miss.reason,
        )


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
