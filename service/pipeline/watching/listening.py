"""Whether an account's webhooks still tell of what happens; the alarms of those that do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName
from service.pipeline.watching.alarms import keep_alarms
from service.pipeline.watching.wording import tell_quiet, tell_silent
from service.registrations.hearing import (
    count_missed,
    forgive,
    hear,
    listening_since,
    mark_silent,
    read_lines,
)
from service.registrations.liveness import Liveness, Missed, is_silent, judge_line
from service.registrations.steps import Wanted

_MOST_BATCHES = 250
"""Of deliveries, at one tick: a million of them. The next tick goes on."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How an account is listened to."""

    period: timedelta
    """How often it is reconciled, by its settings."""
    quiet_after: timedelta
    heal: bool
    lost_after: timedelta
    """A receiver without a beat for so long is not there."""


async def hear_all(engine: AsyncEngine) -> bool:
    """Look through the deliveries that came since the last time, a small transaction at a time.

    False: there are still more.
    """
    for _ in range(_MOST_BATCHES):
        async with engine.begin() as connection:
            if not await hear(connection):
                return True
    return False


async def listen(
    connection: AsyncConnection, account: str, names: Mapping[str, str], habits: Habits
) -> frozenset[Wanted]:
    """Judge every webhook of the account's apps (`names` by id); keep marks and alarms as they should be.

    Gives what is silent and should have another webhook now.
    """
    await forgive(connection, account)
    lines, now = await read_lines(connection, account)
    listening = await listening_since(connection, lost_after=habits.lost_after)
    silent: dict[str, str] = {}
    quiet: dict[str, str] = {}
    replace: set[Wanted] = set()
    for line in lines:
        name = names.get(line.app_id, line.app_id if line.manual else None)
        if name is None:
            continue  # no rule wants it any more
        missed = Missed(0, None)
        if listening is not None:
            missed = await count_missed(connection, line, listening=listening, period=habits.period)
        verdict = judge_line(line, missed, now=now, quiet_after=habits.quiet_after)
        if verdict.liveness is Liveness.SILENT:
            silent[line.subject] = tell_silent(line, missed, name, heal=habits.heal, period=habits.period)
            if missed.oldest is not None and is_silent(line, missed):
                await mark_silent(connection, line.registration_id, missed.oldest)
        elif verdict.liveness is Liveness.QUIET:
            quiet[line.subject] = tell_quiet(line, name)
        if verdict.replace and line.kind is not None:
            replace.add(Wanted(line.app_id, line.kind))
    await keep_alarms(connection, AlarmName.WEBHOOK_SILENT, account, silent)
    await keep_alarms(connection, AlarmName.WEBHOOK_QUIET, account, quiet)
    return frozenset(replace)
