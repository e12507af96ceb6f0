"""Webhooks are rotated while records are made, over real HTTP: each is told of, and accepted."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.faults import Hold
from service.dev.simulators.fusioo.state import Delivery
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import RunningReceiver, running_receiver, stored
from tests.fixtures.registering import TASKS, aim_at, apply, end_overlaps, live_secrets
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.waiting import wait_until_async

_EACH = 0.02
"""Seconds from one record to the next."""
_ENOUGH = 20


@pytest.fixture
def relay(web_options: WebOptions) -> Iterator[RunningReceiver]:
    with running_receiver(web_options) as running:
        yield running


@contextmanager
def making_records(simulator: RunningSimulator) -> Iterator[list[str]]:
    """Make one record after the other until the end of the block; gives their ids."""
    made: list[str] = []
    stop = threading.Event()

    def make() -> None:
        while not stop.wait(_EACH):
            made.append(simulator.state.records.create(TASKS, {"title": "New"}, person="John Doe").id)

    thread = threading.Thread(target=make, name="records")
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()
        simulator.state.gate.release()


async def statuses(deliveries: list[Delivery]) -> set[int | None]:
    """What these deliveries were answered, once all of them were."""
    await wait_until_async(lambda: all(each.outcome != "waiting" for each in deliveries))
    return {each.status for each in deliveries}


async def test_every_record_is_told_of_and_accepted_while_webhooks_are_rotated(
    engine: AsyncEngine, database: Database, simulator: RunningSimulator, relay: RunningReceiver
) -> None:
    state, public = simulator.state, relay.url
    await apply(engine, simulator, "Tasks", public_url=public)
    with making_records(simulator) as made:

        async def some_more() -> None:
            enough = len(made) + _ENOUGH
            await wait_until_async(lambda: len(made) > enough)

        await some_more()
        old = set(live_secrets(database))
        rotating = aim_at("Tasks", public_url=public, rotating=lambda _want: True)
        state.faults.holds = [Hold(path="/webhooks$", method="POST", times=1)]
        rotation = asyncio.create_task(apply(engine, simulator, aim=rotating))
        await wait_until_async(lambda: state.gate.held)
        await some_more()  # the new one delivers, and we do not know its secret yet
        state.gate.release()
        await rotation
        await some_more()
        assert await statuses(list(state.deliveries)) == {202}, "old and new ones are accepted"
        end_overlaps(database)
        await apply(engine, simulator, "Tasks", public_url=public)
        assert not old & state.webhooks.keys()
        await some_more()
    live = live_secrets(database).keys()
    assert await statuses([each for each in state.deliveries if each.webhook_id in live]) == {202}
    assert set(made) <= set(stored(database))
