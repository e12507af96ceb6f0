"""Webhooks that die, are altered or lose deliveries: nothing is lost, and the loss rate shown is true.

Each account of one relay stands at a company of its own, in which something else goes wrong.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from tests.fixtures.companies import MovableClock
from tests.fixtures.database import Database
from tests.fixtures.losing import (
    PATIENCE,
    LosingAccount,
    company_of_tasks,
    losing_accounts,
)
from tests.fixtures.tiers import Scale
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.timeout(600)

ELSEWHERE = "http://127.0.0.1:9/moved"
HOUR = timedelta(hours=1)


def nothing(_: LosingAccount) -> None:
    """Nothing goes wrong."""


def delete_webhooks(account: LosingAccount) -> None:
    account.state.webhooks.clear()


def alter_flags(account: LosingAccount) -> None:
    """What told of updates tells of deletions from now on, a second time; creates are told of no more."""
    webhooks = account.webhooks()
    webhooks["update"].on_update, webhooks["update"].on_delete = False, True
    webhooks["create"].on_create = False


def alter_urls(account: LosingAccount) -> None:
    for webhook in account.webhooks().values():
        webhook.url = ELSEWHERE


def disable_updates(account: LosingAccount) -> None:
    """Let the provider send a wrong header until it gives the webhook for updates up."""
    settings, before = account.state.settings, account.webhooks()["update"].id
    settings.secret_header = "X-Other"
    account.act(updates=2)
    wait_until(lambda: before in account.state.disabled_webhooks, PATIENCE, what="the provider gives up")
    account.wait_until_sent()
    settings.secret_header = "X-Fusioo-Secret"


def lose(share: float) -> Callable[[LosingAccount], None]:
    """Make a way to lose this share of deliveries."""

    def losing(account: LosingAccount) -> None:
        account.state.faults.deliveries.drop_share = share

    return losing


@dataclass(frozen=True)
class Scenario:
    """What goes wrong at one company, and how that company is."""

    go_wrong: Callable[[LosingAccount], None]
    settings: dict[str, Any] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    """How far the provider's clock is ahead of ours."""
    loses: bool = True


SCENARIOS = {
    "nothing": Scenario(nothing, loses=False),
    "deleted": Scenario(delete_webhooks),
    "flags": Scenario(alter_flags),
    "urls": Scenario(alter_urls),
    "disabled": Scenario(disable_updates, {"disabled_after": 2}),
    "vanished": Scenario(disable_updates, {"disabled_after": 2, "disabled_vanish": True}),
    "few_lost": Scenario(lose(0.05)),
    "all_lost": Scenario(lose(1.0)),
    "clock_ahead": Scenario(lose(0.5), ahead=HOUR),
    "clock_behind": Scenario(lose(0.5), ahead=-HOUR),
    "local_stamps": Scenario(lose(0.5), {"stamps": "local", "stamps_zone": "America/New_York"}),
}
FOUND_SILENT = ("disabled",)
"""Where the provider still lists the webhook as it was, only its silence tells."""
MENDED = ("deleted", "flags", "urls", "disabled", "vanished")


@pytest.fixture(scope="module")
def relay(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, scale: Scale
) -> Iterator[dict[str, LosingAccount]]:
    """A relay to which everything has happened already; what came of it is looked at one by one."""
    companies = {
        name: company_of_tasks(
            scale.pick(small=150, full=1_000), clock=MovableClock(ahead=each.ahead), **each.settings
        )
        for name, each in SCENARIOS.items()
    }
    with losing_accounts(
        module_database, module_redis_url, tmp_path_factory.mktemp("relay"), companies
    ) as accounts:
        for name, account in accounts.items():
            SCENARIOS[name].go_wrong(account)
            updates = 60 if name == "few_lost" else 6
            account.act(creates=3, updates=scale.pick(small=updates, full=10 * updates), deletes=2)
        yield accounts


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_all_arrives_once_in_time_and_the_loss_is_shown(relay: dict[str, LosingAccount], name: str) -> None:
    account = relay[name]
    account.wait_until_reached()
    account.wait_until_done()
    account.assert_told_once()
    assert bool(account.lost()) == SCENARIOS[name].loses
    account.assert_found_in_time()
    account.assert_rate_shown()


@pytest.mark.parametrize("name", MENDED)
def test_webhooks_that_were_broken_tell_again(relay: dict[str, LosingAccount], name: str) -> None:
    account = relay[name]

    def are_mended() -> bool:
        if not account.are_well() and account.state.disabled_webhooks:
            account.act(updates=1)  # of whose silence it is found out by what it does not tell
        return account.are_well()

    wait_until(are_mended, PATIENCE, what=f"the webhooks of {name} are well", pause=1.0)
    before = len(account.lost())
    account.act(creates=1, updates=2, deletes=1)
    account.wait_until_reached()
    account.wait_until_done()
    account.assert_told_once()
    assert len(account.lost()) == before
    account.assert_rate_shown()
    if name in FOUND_SILENT:
        alarm = (f"{TASKS_ID}/update", True)
        wait_until(lambda: alarm in account.alarms("webhook_silent"), PATIENCE, what="the alarm is over")
