"""The relay is away for an hour: nobody repeats what was sent meanwhile, and nothing of it is lost."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fixtures.companies import MovableClock
from tests.fixtures.database import Database
from tests.fixtures.losing import (
    LosingAccount,
    company_of_tasks,
    losing_accounts,
)
from tests.fixtures.relay import KINDS
from tests.fixtures.tiers import Scale

pytestmark = pytest.mark.timeout(600)

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def account(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, scale: Scale
) -> Iterator[LosingAccount]:
    """A relay that reconciles so seldom that only a reason of its own makes it do so within this test."""
    company = company_of_tasks(scale.pick(small=100, full=2_000), clock=MovableClock())
    with losing_accounts(
        module_database,
        module_redis_url,
        tmp_path_factory.mktemp("relay"),
        {"main": company},
        of_accounts=", reconcile: 10h, full_sweep: 100h",
    ) as accounts:
        yield accounts["main"]


def test_an_hour_without_us_is_made_up_for_at_once(account: LosingAccount, scale: Scale) -> None:
    clock = account.state.clock
    assert isinstance(clock, MovableClock)
    account.act(creates=1, updates=2, deletes=1)
    account.wait_until_reached()
    account.wait_until_done()
    assert account.lost() == []

    for kind in KINDS:
        account.processes.terminate(kind)
    steps = scale.pick(small=6, full=60)
    for _ in range(steps):
        account.act(creates=1, updates=2)
        clock.advance(HOUR / steps)
    account.act(deletes=3)
    account.wait_until_sent()
    account.processes.start(*KINDS)

    account.wait_until_reached()
    account.wait_until_done()
    account.assert_told_once()
    assert len(account.lost()) == 3 * steps + 3
    account.assert_rate_shown()

    account.act(creates=1, updates=2, deletes=1)
    account.wait_until_reached()
    account.wait_until_done()
    account.assert_told_once()
    assert len(account.lost()) == 3 * steps + 3
