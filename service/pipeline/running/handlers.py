"""A person's acts on handlers: pause one, resume one. Nothing is rung: the sweep finds what may begin."""

from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm, lasting_alarms
from service.handlers.loops import let_held_go
from service.handlers.states import pause_handler, resume_handler

_MOST_ALARMS = 10_000


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a handler was resumed from."""

    held: int
    """How many runs were held that looked like a loop."""


async def pause(engine: AsyncEngine, handler: str, *, because: str | None = None) -> bool:
    """Let no run of a handler begin until it is resumed; those under way go on. False: it was paused already.

    Nothing is lost by it: its runs wait, in their order, and spend no attempts. It is still told of alarms.
    """
    async with engine.begin() as connection:
        is_new = await pause_handler(connection, handler, because)
    structlog.get_logger().info("handler.paused", handler=handler, because=because)
    return is_new


async def resume(engine: AsyncEngine, handler: str) -> Resumed:
    """Let the runs of a handler begin: those of a paused one, of one that fails, and those that were held.

    What was counted of it is forgotten: its failures in a row, and how often it ran for each record.
    """
    async with engine.begin() as connection:
        await resume_handler(connection, handler)
        await clear_alarm(connection, AlarmName.HANDLER_FAILING, handler)
    async with engine.begin() as connection:
        held = await let_held_go(connection, handler)
        for alarm in await lasting_alarms(connection, limit=_MOST_ALARMS):
            if alarm.name == AlarmName.LOOP_HELD and alarm.subject.startswith(f"{handler}/"):
                await clear_alarm(connection, AlarmName.LOOP_HELD, alarm.subject)
    structlog.get_logger().info("handler.resumed", handler=handler, held=held)
    return Resumed(held)
