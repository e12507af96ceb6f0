"""Bursts under a real limit: few calls, none refused, none uncounted, whoever is killed meanwhile."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fixtures.companies import MovableClock, company_of_three
from tests.fixtures.database import Database
from tests.fixtures.kill_points import at_fetch
from tests.fixtures.limited import LimitedAccount, running_accounts
from tests.fixtures.simulator import TOKEN
from tests.fixtures.tiers import Scale

STORM_LASTS = 10.0


@pytest.fixture(scope="module")
def relay(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LimitedAccount]:
    """A relay whose account has 500 calls an hour. It asks again as late as it does by default."""
    clock = MovableClock()
    with running_accounts(
        module_database,
        module_redis_url,
        tmp_path_factory.mktemp("relay"),
        {"main": company_of_three(clock, token=TOKEN)},
        clock,
        RELAY_RECHECK_AFTER="5s",
        RELAY_RECHECK_AGAIN_AFTER="30s",
    ) as running:
        yield running["main"]


@pytest.fixture
def account(relay: LimitedAccount) -> LimitedAccount:
    """The account, with all of its budget."""
    relay.let_hours_pass()
    return relay


def assert_each_created_once(account: LimitedAccount, record_ids: list[str]) -> None:
    account.assert_all_seen(record_ids)
    assert account.kinds(record_ids) == {("create", 1): len(record_ids)}
    loud = [record_id for record_id in record_ids if account.is_loud(record_id)]
    assert loud
    assert [len(account.received("/ops", record_id)) for record_id in loud] == [1] * len(loud)


@pytest.mark.timeout(900)  # at full scale
def test_a_burst_costs_few_calls_and_none_is_refused(account: LimitedAccount, scale: Scale) -> None:
    count, at_least, within = scale.pick(small=(4_000, 100, 100), full=(20_000, 150, 400))
    record_ids = account.import_records(count)
    account.wait_until_all_told(within)
    account.wait_until_done(within)
    assert account.refused() == 0
    account.assert_never_undercounted()
    assert_each_created_once(account, record_ids)
    # Each app begins with batches of 1, 50, 100: the fewer come, the more that weighs.
    assert count / len(account.calls()) >= at_least


@pytest.mark.timeout(300)
def test_a_storm_on_one_record_costs_few_calls(account: LimitedAccount, scale: Scale) -> None:
    record_id = account.create(estimate=0)
    account.wait_until_done()
    account.let_hours_pass()
    edits = scale.pick(small=300, full=1_000)
    pace = threading.Event()
    for number in range(1, edits + 1):
        account.update(record_id, estimate=number)
        pace.wait(STORM_LASTS / edits)  # how fast the edits come is what is tested
    account.wait_until_all_told(60)
    if not scale.full:  # nobody waits for the record's last rest
        account.pass_time(timedelta(seconds=16))
    account.wait_until_done()
    states = account.states(record_id, "estimate")
    assert len(account.calls()) <= 6
    assert states[-1] == edits
    assert states == sorted(set(states))
    account.assert_all_seen([record_id])


@pytest.mark.timeout(900)  # at full scale
def test_who_is_killed_in_mid_burst_leaves_no_call_uncounted(account: LimitedAccount, scale: Scale) -> None:
    count, kills, within = scale.pick(small=(1_500, 2, 60), full=(20_000, 10, 400))
    record_ids = account.import_records(count)
    for _ in range(kills):
        with at_fetch(account) as reached:
            reached()
            account.processes.kill_child("settle")
    with at_fetch(account) as reached:
        reached()
        account.processes.kill_with_children("worker")
    account.processes.start("worker")
    account.wait_until_all_told(within)
    account.wait_until_done(within)
    assert account.refused() == 0
    account.assert_never_undercounted()
    assert_each_created_once(account, record_ids)
