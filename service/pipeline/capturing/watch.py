"""Begin a capture and watch what comes in, until it is over or full."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from service.captures.listing import CapturedView, CaptureView, list_captured, show_capture
from service.captures.repository import begin_capture, end_capture
from service.errors import NotFoundError
from service.pipeline.showing.reader import reading

_KEY_BYTES = 16


async def begin(
    engine: AsyncEngine,
    *,
    lasts: timedelta,
    requests: int,
    make_key: Callable[[int], str] = secrets.token_hex,
) -> CaptureView:
    """Begin a capture under a new key: for so long, of so many requests."""
    key = make_key(_KEY_BYTES)
    async with engine.begin() as connection:
        await begin_capture(connection, key, lasts=lasts, requests=requests)
    return await find(engine, key)


async def find(engine: AsyncEngine, key: str) -> CaptureView:
    """Find a capture. Raises NotFoundError, also for one that is forgotten."""
    async with reading(engine) as connection:
        found = await show_capture(connection, key)
    if found is None:
        raise NotFoundError(f"no capture {key} is known; `relay capture list` shows those that are kept")
    return found


async def watch(
    engine: AsyncEngine, key: str, *, pause: timedelta = timedelta(milliseconds=300)
) -> AsyncGenerator[CapturedView, None]:
    """Give each request as it comes, until the capture is over or full.

    Who stops early, by closing the iterator, ends the capture: nobody looks at what would come.
    Raises NotFoundError for an unknown key.
    """
    seen = 0
    try:
        while (await find(engine, key)).is_open:
            for each in await _behind(engine, key, seen):
                seen = each.id
                yield each
            await asyncio.sleep(pause.total_seconds())
    finally:
        async with engine.begin() as connection:
            await end_capture(connection, key)
    for each in await _behind(engine, key, seen):
        yield each


async def requests_of(engine: AsyncEngine, key: str) -> tuple[CaptureView, list[CapturedView]]:
    """Find a capture with all its requests. Raises NotFoundError, as `find`."""
    return await find(engine, key), await _behind(engine, key, 0)


async def _behind(engine: AsyncEngine, key: str, seen: int) -> list[CapturedView]:
    async with reading(engine) as connection:
        return await list_captured(connection, key, after=seen)
