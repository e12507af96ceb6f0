"""From a trigger of Onspring to a change: outcome, receiver, settling, all over real HTTP."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.onspring.example import NAME, TASKS
from service.dev.simulators.onspring.outcomes import Outcome
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.onspring_relay import OnspringRelay
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import ACCOUNT
from tests.fixtures.receiver import SECRET, RunningReceiver, register, running_receiver, stored
from tests.fixtures.waiting import wait_until


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
async def relay(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> AsyncIterator[OnspringRelay]:
    async with OnspringRelay(onspring, engine, database) as opened:
        yield opened


@pytest.fixture
def receiver(database: Database, web_options: WebOptions) -> Iterator[RunningReceiver]:
    register(database, "tasks", provider="onspring", account=ACCOUNT, kind=None, app_id=str(TASKS))
    with running_receiver(web_options) as running:
        yield running


def tell(onspring: RunningOnspring, receiver: RunningReceiver, secret: str = SECRET) -> Outcome:
    """Let every change of a task be told; what failed is sent again, ten times."""
    url = f"{receiver.url}/webhooks/onspring/tasks"
    outcome = Outcome(
        1, TASKS, url, headers={"X-Relay-Secret": secret}, retries=10, retry_seconds=0.05, timeout=5.0
    )
    onspring.state.outcomes[1] = outcome
    return outcome


async def test_what_a_trigger_tells_becomes_one_change_for_each_edit(
    onspring: RunningOnspring, relay: OnspringRelay, receiver: RunningReceiver, database: Database
) -> None:
    await relay.watch()
    tell(onspring, receiver)
    onspring.state.faults.deliveries.duplicate_share = 1.0
    task = onspring.state.records.create(TASKS, {NAME: "New"}, person=1)
    wait_until(lambda: stored(database) == [str(task.id)] * 2)
    await relay.settle()
    onspring.state.records.update(task, {NAME: "Renamed"}, person=1)
    wait_until(lambda: stored(database) == [str(task.id)] * 4)
    await relay.settle()
    created, updated = relay.changes()
    assert created == (str(task.id), "create", None, "webhook")
    assert (updated[1], updated[2][str(NAME)]) == ("update", ["New", "Renamed"])
    assert {each.status for each in onspring.state.deliveries} == {202}


async def test_what_is_refused_is_told_again_until_it_is_accepted(
    onspring: RunningOnspring, relay: OnspringRelay, receiver: RunningReceiver, database: Database
) -> None:
    await relay.watch()
    outcome = tell(onspring, receiver, secret="a wrong one")
    task = onspring.state.records.create(TASKS, {NAME: "New"}, person=1)
    wait_until(lambda: [each.status for each in onspring.state.deliveries] == [401])
    outcome.headers["X-Relay-Secret"] = SECRET
    wait_until(lambda: stored(database) == [str(task.id)])
    await relay.settle()
    assert relay.changes() == [(str(task.id), "create", None, "webhook")]
