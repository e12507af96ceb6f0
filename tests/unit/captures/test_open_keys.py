"""Unknown keys share their questions; known ones ask none."""

import asyncio
from datetime import timedelta

import pytest

from service.captures.keys import CapturesUnavailableError, OpenKeys

GAP = timedelta(milliseconds=50)


class Source:
    """Keys, and how often they were read."""

    def __init__(self, *keys: str) -> None:
        self.keys = frozenset(keys)
        self.reads = 0
        self.failure: Exception | None = None

    async def load(self) -> frozenset[str]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.keys


async def test_a_known_key_is_read_once() -> None:
    source = Source("key")
    keys = OpenKeys(source.load, least_gap=GAP)
    assert [await keys.has("key") for _ in range(20)] == [True] * 20
    assert source.reads == 1


async def test_a_new_key_is_known_at_once() -> None:
    source = Source()
    keys = OpenKeys(source.load, least_gap=GAP)
    assert not await keys.has("key")
    source.keys = frozenset({"key"})
    assert await keys.has("key")


async def test_a_flood_of_unknown_keys_shares_a_read_for_each_gap() -> None:
    source = Source("key")
    keys = OpenKeys(source.load, least_gap=GAP)
    began = asyncio.get_running_loop().time()
    for _ in range(3):
        assert (
            await asyncio.gather(*(keys.has(f"unknown-{number}") for number in range(100))) == [False] * 100
        )
    assert source.reads == 3
    assert asyncio.get_running_loop().time() - began >= 2 * GAP.total_seconds()


async def test_a_closed_key_is_asked_for_again() -> None:
    source = Source("key")
    keys = OpenKeys(source.load, least_gap=GAP)
    assert await keys.has("key")
    source.keys = frozenset()
    assert await keys.has("key")
    keys.forget("key")
    assert not await keys.has("key")


async def test_a_failed_read_fails_those_who_waited_and_no_others() -> None:
    source = Source("key")
    source.failure = OSError("away")
    keys = OpenKeys(source.load, least_gap=GAP)
    answers = await asyncio.gather(keys.has("key"), keys.has("other"), return_exceptions=True)
    assert [type(each) for each in answers] == [OSError, OSError]
    source.failure = None
    assert await keys.has("key")


async def test_a_read_that_hangs_is_not_waited_for() -> None:
    async def hang() -> frozenset[str]:
        await asyncio.Event().wait()
        return frozenset()

    keys = OpenKeys(hang, least_gap=GAP, wait=GAP)
    with pytest.raises(CapturesUnavailableError, match="does not say"):
        await keys.has("key")
    await keys.close()
