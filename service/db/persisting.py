"""Writing what must not be lost: wait out our own database, however long it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from service.db.failures import is_our_fault

Written = TypeVar("Written")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

_log = structlog.get_logger()


async def persist(write: Callable[[], Awaitable[Written]]) -> Written:
    """Run a transaction again and again while it fails for our own fault (server away, deadlock, lock).

    `write` opens and commits one transaction, and must bear to be repeated after a commit whose answer was
    lost: it checks its token. Raises whatever is not our own fault.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            return await write()
        except Exception as error:
            if not is_our_fault(error):
                raise
            _log.warning("database.waited", error=type(error).__name__, seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
