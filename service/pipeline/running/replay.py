"""replay: run handlers once more for past changes. Old runs stay; new ones stand behind the newest.

By the rules of then: what was run once is run again. By those of now: what today's rules say of the change,
with the linked records that were fetched then, where there are any.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from service.handlers.linking import lock_records_of
from service.handlers.replaying import Made, ReplayFilter, find_made, read_known_expansions
from service.handlers.repository import NewRun, insert_runs
from service.links.repository import insert_expansions
from service.pipeline.rulebook import Rulebook
from service.pipeline.running.bulk import OnProgress
from service.pipeline.settling.findings import expansions_of
from service.rulebooks.kept_changes import Stretch, read_kept_change, read_kept_changes, read_moment
from service.rules.keeping import KeptRules
from service.rules.rejudging import Judge, KeptChange

AT_MOST = 100_000
"""So many runs are made at once."""
_AT_ONCE = 200
"""Runs in one transaction."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be run again, in order."""

    runs: Sequence[Made]
    left_out: Mapping[str, int]
    """Handlers that are not in the configuration any more, and how many runs of each are left out."""

    @property
    def changes(self) -> int:
        """For how many changes."""
        return len({run.change_id for run in self.runs})

    @property
    def by_handler(self) -> Mapping[str, int]:
        """How many runs of each handler."""
        return dict(sorted(Counter(run.handler for run in self.runs).items()))


async def plan_as_then(engine: AsyncEngine, wanted: ReplayFilter, rulebook: Rulebook) -> Plan:
    """Say what was run for the changes that are meant; runs that were skipped were never run."""
    async with engine.connect() as connection:
        made = await find_made(connection, wanted, most=AT_MOST)
    return _plan(made, rulebook)


async def plan_as_now(
    engine: AsyncEngine, wanted: ReplayFilter, rules: KeptRules, rulebook: Rulebook
) -> Plan:
    """Say what today's rules would run for the changes that are meant. Raises NotFoundError: no such id."""
    judge = Judge(rules, only=None if wanted.rule is None else [wanted.rule])
    made: list[Made] = []
    async with engine.connect() as connection:
        if wanted.change_ids is not None:
            for change_id in wanted.change_ids:
                made += _judged(await read_kept_change(connection, change_id), judge, wanted, rulebook)
        else:
            stretch = await _stretch(connection, wanted)
            async for kept in read_kept_changes(connection, stretch):
                if len(made) < AT_MOST and _is_meant(kept, wanted):
                    made += _judged(kept, judge, wanted, rulebook)
    return _plan(made, rulebook)


async def carry_out(
    engine: AsyncEngine, plan: Plan, rulebook: Rulebook, *, current: bool, on_progress: OnProgress
) -> int:
    """Make the runs of a plan; tells how many. `current`: their handlers see the records as they are then.

    A part at a time: one that is broken off has made the first ones of the plan.
    """
    done = made = 0
    for part in _parts(plan.runs):
        async with engine.begin() as connection:
            made += await _make(connection, part, rulebook, current=current)
        done += len(part)
        on_progress(done, len(plan.runs))
    structlog.get_logger().info("changes.replayed", changes=plan.changes, runs=made, current=current)
    return made


async def _make(
    connection: AsyncConnection, part: Sequence[Made], rulebook: Rulebook, *, current: bool
) -> int:
    """Make runs of one app, by one version of the rules; tells how many.

    Their linked records may have come since the plan was made, or turned out not to be as the rule asks.
    """
    first = part[0]
    await lock_records_of(connection, [(made.change_id, made.rule) for made in part])
    awaiting = [made.change_id for made in part if made.awaits_links]
    known = await read_known_expansions(connection, awaiting) if awaiting else {}
    skipped = {match for match, expanded in known.items() if expanded.skipped}
    finished = {match for match, expanded in known.items() if expanded.finished}
    runs = [
        NewRun(
            uuid7(),
            made.change_id,
            made.record_id,
            made.rule,
            made.handler,
            rulebook.ordered[made.handler],
            awaits_links=made.awaits_links and (made.change_id, made.rule) not in finished,
            is_replay=True,
            current_state=current,
        )
        for made in part
        if not made.awaits_links or (made.change_id, made.rule) not in skipped
    ]
    if runs:
        await insert_runs(connection, first.account, first.app_id, runs, rules_digest=first.rules_digest)
    new = expansions_of([run for run in runs if (run.change_id, run.rule) not in known], rulebook)
    if new:
        await insert_expansions(connection, first.account, new)
    return len(runs)


def _parts(runs: Sequence[Made]) -> Iterator[Sequence[Made]]:
    """Cut a plan, in its order, into parts of one app and one version of the rules."""
    for _, group in groupby(runs, key=lambda made: (made.account, made.app_id, made.rules_digest)):
        together = list(group)
        for begin in range(0, len(together), _AT_ONCE):
            yield together[begin : begin + _AT_ONCE]


def _plan(made: Sequence[Made], rulebook: Rulebook) -> Plan:
    left_out = Counter(run.handler for run in made if run.handler not in rulebook.ordered)
    return Plan([run for run in made if run.handler in rulebook.ordered][:AT_MOST], left_out)


def _judged(kept: KeptChange, judge: Judge, wanted: ReplayFilter, rulebook: Rulebook) -> list[Made]:
    change = kept.change
    return [
        Made(
            change.id,
            change.account,
            change.app.id,
            change.record_id,
            verdict.rule,
            handler,
            rulebook.digest,
            awaits_links=verdict.rule in rulebook.expand and verdict.rule not in kept.linked,
        )
        for rejudged in judge.judge(kept)
        for verdict in [rejudged.final]
        # Open, although linked records were fetched for the rule: now it asks about others.
        if verdict.matched and not (verdict.awaits_links and verdict.rule in kept.linked)
        for handler in rulebook.runs[verdict.rule]
        if wanted.handler in (None, handler)
    ]


def _is_meant(kept: KeptChange, wanted: ReplayFilter) -> bool:
    change = kept.change
    return wanted.account in (None, change.account) and wanted.record_id in (None, change.record_id)


async def _stretch(connection: AsyncConnection, wanted: ReplayFilter) -> Stretch:
    now = await read_moment(connection)
    since = datetime.min.replace(tzinfo=UTC) if wanted.since is None else wanted.since
    until = now if wanted.until is None else wanted.until
    return Stretch(
        since=now - since if isinstance(since, timedelta) else since,
        until=now - until if isinstance(until, timedelta) else until,
        app_ids=wanted.app_ids,
    )
