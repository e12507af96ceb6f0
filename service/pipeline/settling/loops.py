"""Holding runs that look like a loop: a handler that causes the changes that it runs for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.repository import AlarmName, raise_alarm
from service.clock import format_duration
from service.handlers.loops import Suspect, count_recent
from service.handlers.repository import NewRun
from service.pipeline.rulebook import Rulebook
from service.records.repository import NewChange


async def hold_loops(
    connection: AsyncConnection,
    runs: Sequence[NewRun],
    changes: Mapping[str, NewChange],
    rulebook: Rulebook,
    *,
    account: str,
    app_id: str,
) -> list[NewRun]:
    """Give the same runs, held where their handler ran too often for their record already.

    The changes (by record id) are stored, the runs are not.
    """
    suspects = [
        Suspect(record_id, handler, loop.runs, loop.within)
        for record_id, handler in dict.fromkeys((run.record_id, run.handler) for run in runs)
        if (loop := rulebook.loops.get(handler)) is not None
        # No more runs were ever made than it had changes, for each rule. Most records end here.
        and changes[record_id].version * rulebook.rules_of(handler) > loop.runs
    ]
    if not suspects:
        return list(runs)
    recent = await count_recent(connection, account, app_id, suspects)
    counted = {(each.record_id, each.handler): made for each, made in zip(suspects, recent, strict=True)}
    by_key = {(each.record_id, each.handler): each for each in suspects}
    before: Counter[tuple[str, str]] = Counter()
    judged = []
    for run in runs:
        key = run.record_id, run.handler
        if key in by_key and counted[key] + before[key] >= by_key[key].runs:
            judged.append(replace(run, held=_reason(by_key[key])))
        else:
            judged.append(run)
        before[key] += 1
    return judged


async def tell_loops(connection: AsyncConnection, account: str, app_id: str, runs: Sequence[NewRun]) -> None:
    """Raise the alarm of each record and handler with a held run."""
    held = {(run.handler, run.record_id): run.held for run in runs if run.held is not None}
    for (handler, record_id), reason in sorted(held.items()):
        await raise_alarm(
            connection,
            AlarmName.LOOP_HELD,
            f"{handler}/{record_id}",
            f"record {record_id} of app {app_id}, account {account}: {reason}",
        )


def _reason(suspect: Suspect) -> str:
    return (
        f"held: handler {suspect.handler} ran for it {suspect.runs} times within"
        f" {format_duration(suspect.within)}, as in a loop; `relay changes list --record {suspect.record_id}`"
        f" shows what changes, `relay resume {suspect.handler}` lets it go on"
    )
