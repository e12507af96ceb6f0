"""Several things at once, until the first is over."""

import asyncio

import pytest

from service.dev.up.racing import first_of


async def test_the_others_are_cancelled_before_it_returns() -> None:
    cancelled = asyncio.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    await first_of(asyncio.sleep(0), never())
    assert cancelled.is_set()


async def test_what_the_first_raises_is_raised() -> None:
    async def fail() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        await first_of(asyncio.Event().wait(), fail())


async def test_its_own_cancellation_reaches_all() -> None:
    ended: list[str] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    racing = asyncio.create_task(first_of(wait("a"), wait("b")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert sorted(ended) == ["a", "b"]
