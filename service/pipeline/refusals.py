"""The alarm of a configuration that was changed, and is wrong: the one before it goes on."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm, raise_alarm
from service.handlers.clipping import ERROR_LENGTH, clip


async def note_refusal(engine: AsyncEngine, path: Path, mistakes: str) -> None:
    """Raise the alarm for the configuration at this path, told by its name.

    Raises what the database raises.
    """
    message = f"the new rules are not taken, the ones before go on: {clip(mistakes, ERROR_LENGTH)}"
    async with engine.begin() as connection:
        await raise_alarm(connection, AlarmName.RULES_REFUSED, _subject(path), message)


async def end_refusal(engine: AsyncEngine, path: Path) -> None:
    """Clear the alarm: what stands there is in use. Raises what the database raises."""
    async with engine.begin() as connection:
        await clear_alarm(connection, AlarmName.RULES_REFUSED, _subject(path))


def _subject(path: Path) -> str:
    return path.absolute().name
