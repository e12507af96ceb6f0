"""Places of a process: as many as there are, in the order in which they were asked for."""

import asyncio

from service.pipeline.running.places import Places


async def test_as_many_as_are_free_and_wanted() -> None:
    places = Places(4)
    assert await places.take(3) == 3
    assert await places.take(3) == 1


async def test_who_finds_none_waits_for_one() -> None:
    places = Places(2)
    await places.take(2)
    waiting = asyncio.create_task(places.take(2))
    await asyncio.sleep(0)
    assert not waiting.done()
    places.give_back()
    assert await waiting == 1


async def test_nobody_takes_what_others_wait_for() -> None:
    places = Places(3)
    await places.take(3)
    waiting = [asyncio.create_task(places.take(1)) for _ in range(2)]
    await asyncio.sleep(0)
    places.give_back(3)
    late = asyncio.create_task(places.take(3))
    assert [await one for one in waiting] == [1, 1]
    assert await late == 1
