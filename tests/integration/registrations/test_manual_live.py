"""A workflow that a person set up sends to the URL that we made, with the secret of its dialog."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Kind
from service.dev.simulators.fusioo.workflows import Workflow
from service.pipeline.registering.manual import activate, begin, find_removable, remove
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import RunningReceiver, running_receiver
from tests.fixtures.registering import BOX, TASKS, client_of
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.waiting import wait_until_async


@pytest.fixture
async def relay(web_options: WebOptions) -> AsyncIterator[RunningReceiver]:
    with running_receiver(web_options) as running:
        yield running


@pytest.mark.parametrize("kind", [None, Kind.UPDATE])
async def test_its_deliveries_are_accepted_until_it_is_removed(
    engine: AsyncEngine,
    database: Database,
    simulator: RunningSimulator,
    relay: RunningReceiver,
    kind: Kind | None,
) -> None:
    state = simulator.state
    async with client_of(simulator) as client:
        (tasks,) = [app for app in await client.apps.list() if app.id == TASKS]
    begun = await begin(engine, account="main", provider="fusioo", app=tasks, kind=kind, public_url=relay.url)
    workflow: Workflow = state.add_workflow("Tell the relay", state.apps[TASKS], begun.url)
    await activate(engine, BOX, begun, workflow.secret)

    async def told() -> int | None:
        """What the delivery about another new record was answered."""
        state.records.create(TASKS, {"title": "New"}, person="John Doe")
        delivery = state.deliveries[-1]
        await wait_until_async(lambda: delivery.outcome != "waiting")
        return delivery.status

    assert await told() == 202
    assert database.execute("SELECT app_id, kind, registration_id, origin FROM deliveries") == [
        (TASKS, kind, begun.id, "webhook")
    ]
    await remove(engine, await find_removable(engine, begun.url))
    await wait_until_async(lambda: _is_unknown(relay, begun.url))
    assert await told() == 404


def _is_unknown(relay: RunningReceiver, url: str) -> bool:
    """Whether the receiver has read that there is no such registration any more."""
    return relay.deliver({"id": "r1"}, key=url.rpartition("/")[2], secret="wrong").status_code == 404
