"""Two relays on one account: each looks after its own webhooks, and runs its own handlers once."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fixtures.database import Database
from tests.fixtures.losing import (
    PATIENCE,
    LosingAccount,
    company_of_tasks,
    relay_at,
)
from tests.fixtures.simulator import simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def relays(
    database: Database, redis_url: str, module_database: Database, module_redis_url: str, tmp_path: Path
) -> Iterator[tuple[LosingAccount, LosingAccount]]:
    """Two relays that know nothing of each other, with the same credentials at the same company."""
    servers = ((database, redis_url, "one"), (module_database, module_redis_url, "other"))
    with ExitStack() as held:
        simulators = {"main": held.enter_context(simulator_in_thread(company_of_tasks(60)))}
        accounts = []
        for own_database, own_redis_url, name in servers:
            directory = tmp_path / name
            directory.mkdir()
            sink = held.enter_context(HttpSink())
            running = relay_at(own_database, own_redis_url, directory, simulators, sink)
            accounts.append(held.enter_context(running)["main"])
        one, other = accounts
        yield one, other


def test_neither_touches_the_others_webhooks_and_each_tells_once(
    relays: tuple[LosingAccount, LosingAccount],
) -> None:
    one, other = relays
    assert one.are_well()
    assert other.are_well()
    others = {webhook.id for webhook in other.webhooks().values()}
    state = one.state

    state.faults.deliveries.drop_share = 0.5
    do_and_tell(one, other)
    state.faults.deliveries.drop_share = 0.0
    for webhook in one.webhooks().values():
        del state.webhooks[webhook.id]
    do_and_tell(one, other)
    wait_until(one.are_well, PATIENCE, what="the webhooks that were deleted are made again")
    assert {webhook.id for webhook in other.webhooks().values()} == others

    one.processes.call("webhooks", "apply", "--prune", "--yes")
    assert {webhook.id for webhook in other.webhooks().values()} == others
    do_and_tell(one, other)
    assert one.lost()
    assert other.lost()
    assert one.lost() != other.lost()
    for account in relays:
        account.assert_rate_shown()


def do_and_tell(one: LosingAccount, other: LosingAccount) -> None:
    """Let things be done that both relays should tell of, and wait until they have, once each."""
    did = one.act(creates=2, updates=5, deletes=1)
    other.acts.extend(did)
    for account in (one, other):
        account.wait_until_reached()
        account.wait_until_done()
        account.assert_told_once()
