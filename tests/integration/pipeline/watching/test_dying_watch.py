"""The job dies at any of its calls, before or after the provider took it: the next one ends what it began."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Kind
from service.dev.simulators.fusioo.state import FusiooState
from tests.fixtures.database import Database
from tests.fixtures.dying import DiedError, DyingTransport
from tests.fixtures.registering import registrations, secrets_there
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.watching import TASKS, Watched

CALLS = 6
"""List; patch, create and remove what differs; list; create the one that takes the silent one's place."""
FOREIGN = "https://elsewhere.example.com/hook"


@pytest.fixture
async def watched(engine: AsyncEngine, database: Database, simulator: RunningSimulator) -> Watched:
    """One webhook altered, one deleted, one silent, one replaced long ago, and somebody else's."""
    found = Watched(engine, database, simulator)
    state: FusiooState = simulator.state
    await found.apply()
    found.run_receiver()
    state.add_webhook(FOREIGN, TASKS, on_create=True)
    del state.webhooks[found.webhook("delete").id]
    await found.watch()
    found.grow_older(1)
    altered = next(each for each in state.webhooks.values() if each.on_create and each.url != FOREIGN)
    state.add_webhook(altered.url, TASKS, on_create=True)
    altered.on_delete = True
    now_deleting = next(each for each in state.webhooks.values() if each.on_delete and not each.on_create)
    del state.webhooks[now_deleting.id]
    found.miss()
    return found


def accepted(watched: Watched) -> dict[str, str]:
    """Webhook → its opened secret, of those whose deliveries are accepted."""
    rows = watched.database.execute(
        "SELECT webhook_id, sealed FROM registrations JOIN registration_secrets"
        " ON registration_id = registrations.id WHERE retired_at IS NULL AND status IN ('active', 'retiring')"
    )
    return {webhook_id: watched.box.open(bytes(sealed)) for webhook_id, sealed in rows}


async def assert_in_order(watched: Watched) -> None:
    state = watched.simulator.state
    assert watched.lasting() == {"webhook_silent": [f"main/{TASKS}/update"]}, "until a delivery comes"
    assert [kind for _, kind, _, _ in registrations(watched.database)] == sorted(Kind)
    for _, kind, url, webhook_id in registrations(watched.database):
        webhook = state.webhooks[webhook_id]
        assert webhook.url == url
        assert [each for each in Kind if getattr(webhook, f"on_{each}")] == [kind]
    ours = {
        each: secret for each, secret in secrets_there(watched.simulator).items() if each in accepted(watched)
    }
    assert ours.items() <= accepted(watched).items()
    (foreign,) = [each for each in state.webhooks.values() if each.id not in ours]
    assert foreign.url == FOREIGN


async def test_all_is_mended_by_as_many_calls_as_the_test_below_thinks(watched: Watched) -> None:
    watched.transport = counting = DyingTransport()
    await watched.watch()
    assert counting.calls == CALLS
    await assert_in_order(watched)
    assert watched.statuses() == ["retiring", "active"]


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, CALLS + 1))
async def test_the_next_one_ends_what_it_began(watched: Watched, call: int, taken: bool) -> None:
    watched.transport = DyingTransport(call, taken=taken)
    with pytest.raises(DiedError):
        await watched.watch()
    watched.transport = None
    await watched.watch(every=timedelta(hours=1))
    await watched.watch()
    await assert_in_order(watched)
    watched.database.execute("DELETE FROM changes")
    watched.grow_older(1)
    await watched.watch()
    assert [watched.statuses(kind).count("active") for kind in Kind] == [1, 1, 1]
    assert len(watched.simulator.state.webhooks) == len(Kind) + 1
