"""Records that are gone by the thousand: what is deleted costs few calls, what is only hidden stays."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID
from tests.fixtures.companies import MovableClock, company_of_three
from tests.fixtures.database import Database
from tests.fixtures.limited import LimitedAccount, running_accounts
from tests.fixtures.simulator import TOKEN
from tests.fixtures.tiers import Scale
from tests.fixtures.waiting import wait_until

HELD = ("deletions_held", f"main/{TASKS_ID}")
LOOKED_AGAIN = timedelta(minutes=5)
"""How often it is seen whether what is missing is back."""


@pytest.fixture(scope="module")
def relay(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LimitedAccount]:
    """A relay whose account has 500 calls an hour."""
    clock = MovableClock()
    companies = {"main": company_of_three(clock, token=TOKEN)}
    with running_accounts(
        module_database,
        module_redis_url,
        tmp_path_factory.mktemp("relay"),
        companies,
        clock,
        RELAY_RECHECK_AGAIN_AFTER="10s",  # all is missing before one record alone is asked for
    ) as running:
        yield running["main"]


@pytest.fixture
def account(relay: LimitedAccount) -> LimitedAccount:
    """The account, with all of its budget."""
    relay.let_hours_pass()
    return relay


@pytest.mark.timeout(900)
def test_deletes_by_the_thousand_cost_few_calls(account: LimitedAccount, scale: Scale) -> None:
    # In proportion 1,000 may cost 10; but the first batches and the last are not full, however many come.
    count, at_most, within = scale.pick(small=(1_000, 13, 60), full=(10_000, 100, 300))
    record_ids = account.know(count, apps=[TASKS_ID], within=within)
    for record_id in record_ids:
        account.delete(record_id)
    account.wait_until_all_told(within)
    account.wait_until_done(within)
    assert account.refused() == 0
    assert len(account.calls()) <= at_most
    assert account.kinds(record_ids) == {("create", 1): count, ("delete", 2): count}
    assert account.lasting_alarms() == []


def test_a_role_that_is_lost_for_a_while_deletes_nothing(account: LimitedAccount) -> None:
    record_ids = account.know(150, apps=[TASKS_ID], within=60)
    edited = record_ids[:100]
    hidden = account.simulator.state.users[TOKEN].hidden_records
    hidden.update(record_ids)
    for record_id in edited:
        account.update(record_id, notes="Told of, and not shown.")
    account.wait_until_all_told(60)
    wait_until(lambda: account.lasting_alarms() == [HELD], what="the missing records raise an alarm")
    for _ in range(3):
        account.pass_time(2 * LOOKED_AGAIN)
        wait_until(account.is_still, what="what is missing was asked for again")
    assert len(account.unfinished()) == len(edited)
    assert len(account.calls()) <= 12
    assert account.kinds(record_ids) == {("create", 1): 150}

    hidden.difference_update(record_ids)
    account.pass_time(2 * LOOKED_AGAIN)
    account.wait_until_done()
    assert account.lasting_alarms() == []
    assert account.kinds(record_ids) == {("create", 1): 150, ("update", 2): 100}
    account.assert_all_seen(record_ids)


def test_a_person_may_say_that_what_is_missing_is_deleted(account: LimitedAccount) -> None:
    record_ids = account.know(100, apps=[TASKS_ID], within=60)
    for record_id in record_ids:
        account.simulator.state.records.delete(record_id, person=PEOPLE[0], told=False)
    account.hint(record_ids)
    wait_until(lambda: account.lasting_alarms() == [HELD], what="the missing records raise an alarm")
    account.processes.call("alarms", "accept", *HELD)
    account.pass_time(LOOKED_AGAIN)
    account.wait_until_done()
    assert account.lasting_alarms() == []
    assert account.kinds(record_ids) == {("create", 1): 100, ("delete", 2): 100}
    assert {call.method for call in account.calls()} == {"POST"}, "a record was asked for alone"
