"""Who shares the provider with us: somebody else in the company, and other accounts of ours."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from tests.fixtures.companies import MovableClock, company_of_three
from tests.fixtures.database import Database
from tests.fixtures.limited import LimitedAccount, running_accounts
from tests.fixtures.simulator import TOKEN
from tests.fixtures.tiers import Scale
from tests.fixtures.waiting import wait_until

HALTED = ("account_halted", "main")
TRIED_AGAIN = timedelta(minutes=5)
"""How often a refused account is asked for."""
SETTLING = 0.9
"""The share of the calls that settling may use."""


@pytest.fixture(scope="module")
def relay(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, scale: Scale
) -> Iterator[dict[str, LimitedAccount]]:
    """A relay with two accounts, each at a company of its own."""
    clock = MovableClock()
    companies = {
        "main": company_of_three(clock, token=TOKEN, calls=scale.pick(small=40, full=500)),
        "other": company_of_three(clock, token="a-token-of-somebody-else"),
    }
    with running_accounts(
        module_database, module_redis_url, tmp_path_factory.mktemp("relay"), companies, clock
    ) as running:
        yield running


@pytest.fixture
def accounts(relay: dict[str, LimitedAccount]) -> dict[str, LimitedAccount]:
    """The accounts, with all of their budgets."""
    for account in relay.values():
        account.simulator.state.settings.stranger_calls_per_hour = 0
        account.let_hours_pass()
    return relay


def work_for(account: LimitedAccount, window: timedelta, *, steps: int) -> list[str]:
    """Let a window pass in which all three apps ask for more calls than there are; gives the new records."""
    made = []
    for _ in range(steps):
        made += account.import_records(3)
        account.wait_until_all_told(30)
        wait_until(account.is_still, what="the looks of this step are over")
        account.pass_time(window / steps)
    return made


def has_calls(account: LimitedAccount, count: int) -> bool:
    return len(account.simulator.state.calls) >= count


def wait_for_the_backlog(account: LimitedAccount) -> None:
    def is_done() -> bool:
        if account.is_still() and account.unfinished():
            account.pass_time(timedelta(minutes=1))
        return not account.unfinished()

    wait_until(is_done, 60, what="nothing is left to do", pause=0.1)


@pytest.mark.timeout(3_600)  # at full scale
def test_a_stranger_who_eats_half_the_budget_is_found_out(
    accounts: dict[str, LimitedAccount], scale: Scale
) -> None:
    account = accounts["main"]
    settings = account.simulator.state.settings
    window, steps = settings.window, settings.calls_per_window
    windows, share = scale.pick(small=(2, 0.05), full=(6, 0.01))
    settings.stranger_calls_per_hour = settings.calls_per_window / 2
    account.simulator.state.calls_in_window()
    account.pass_time(window)  # the stranger was there before us
    made = []
    for _ in range(windows):
        made += work_for(account, window, steps=steps)
    shared, refused = len(account.calls()), account.refused()
    assert refused >= 1, "the stranger was never met"
    assert refused <= share * (shared + refused)

    settings.stranger_calls_per_hour = 0
    wait_for_the_backlog(account)
    account.let_hours_pass(1)
    made += work_for(account, window, steps=steps)
    assert account.refused() == 0
    assert len(account.calls()) >= 0.8 * SETTLING * settings.calls_per_window
    wait_for_the_backlog(account)
    account.assert_all_seen(made)
    assert account.kinds(made) == {("create", 1): len(made)}


def test_a_revoked_token_halts_its_account_alone(accounts: dict[str, LimitedAccount]) -> None:
    main, other = accounts["main"], accounts["other"]
    users = main.simulator.state.users
    user = users.pop(TOKEN)
    waiting, going_on = main.import_records(30), other.import_records(30)
    main.wait_until_all_told(30)
    wait_until(lambda: main.lasting_alarms() == [HALTED], what="the refusal raises an alarm")
    wait_until(lambda: other.kinds(going_on) == {("create", 1): 30}, what="the other account goes on")
    other.assert_all_seen(going_on)
    wait_until(main.is_still, what="the account is left alone")
    tries = len(main.simulator.state.calls)
    assert tries <= 3, "at most one call of each app was under way"
    for further in (1, 2, 3):
        main.pass_time(TRIED_AGAIN)
        wait_until(partial(has_calls, main, tries + further), what="the account is tried again")
        wait_until(main.is_still, what="the account is left alone")
        assert len(main.simulator.state.calls) == tries + further
    assert main.kinds(waiting) == {}

    users[TOKEN] = user
    main.pass_time(TRIED_AGAIN)
    wait_for_the_backlog(main)
    assert main.lasting_alarms() == []
    main.assert_all_seen(waiting)
    assert main.kinds(waiting) == {("create", 1): 30}
    raised = main.database.execute("SELECT name, subject FROM alarms")
    assert raised == [HALTED], "one alarm, raised once"
