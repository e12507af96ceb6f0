"""Records of a simulated Onspring, settled over real HTTP into a real database."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.onspring import example
from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.schema import AppField
from tests.fixtures.database import Database
from tests.fixtures.onspring_relay import APP, OnspringRelay, tasks_rule
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pipeline import ACCOUNT

STATUS, NAME, OWNER = str(example.STATUS), str(example.NAME), str(example.OWNER)
SUMMARY = str(example.SUMMARY)
LONG_AGO = timedelta(days=365)


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


def tasks(onspring: RunningOnspring) -> list[Record]:
    return onspring.state.records.of(example.TASKS)


def batches(onspring: RunningOnspring) -> int:
    return len(onspring.calls_of("POST", "/Records/batch-get"))


async def test_a_first_sight_is_a_create_where_the_record_is_new(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    old = tasks(onspring)[0]
    old.created -= LONG_AGO
    await relay.watch()
    new = onspring.state.records.create(example.TASKS, {example.NAME: "New"}, person=1)
    relay.deliver(old.id, new.id)
    await relay.settle()
    assert relay.changes() == [
        (str(old.id), "update", None, "webhook"),
        (str(new.id), "create", None, "webhook"),
    ]
    assert batches(onspring) == 1
    ((stored,),) = relay.database.execute("SELECT fields FROM records WHERE record_id = %s", (str(old.id),))
    assert (stored[STATUS], stored[OWNER], stored["last_modified_by"]) == (["In Progress"], ["1"], ["1"])


async def test_an_edit_is_an_update_with_texts_before_and_after(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    relay.deliver(record.id)
    await relay.settle()
    onspring.state.records.update(record, {example.STATUS: [example.COMPLETE], example.OWNER: [2]}, person=2)
    relay.deliver(record.id)
    await relay.settle()
    _, (_, kind, diff, _) = relay.changes()
    assert kind == "update"
    assert diff == {
        STATUS: [["In Progress"], ["Complete"]],
        OWNER: [["1"], ["2"]],
        SUMMARY: ["Test Task 1 (In Progress)", "Test Task 1 (Complete)"],
    }


async def test_a_save_that_moves_stamps_alone_is_no_change(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    relay.deliver(record.id)
    await relay.settle()
    onspring.state.records.update(record, {}, person=3)
    record.modified += timedelta(seconds=5)
    relay.deliver(record.id)
    await relay.settle()
    assert len(relay.changes()) == 1
    assert relay.statuses()[-1] == (str(record.id), "settled", "unchanged")


@pytest.mark.parametrize("kind", ["delete", None])
async def test_a_record_that_is_gone_is_deleted(
    relay: OnspringRelay, onspring: RunningOnspring, kind: str | None
) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    relay.deliver(record.id)
    await relay.settle()
    onspring.state.records.delete(record)
    relay.deliver(record.id, kind=kind)
    for _ in range(5):
        await relay.settle()
        relay.pass_time()
    _, (record_id, found, _, _) = relay.changes()
    assert (record_id, found) == (str(record.id), "delete")


async def test_what_can_be_no_record_dies_alone(relay: OnspringRelay, onspring: RunningOnspring) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    relay.deliver("0", "abc", record.id)
    for _ in range(5):
        await relay.settle()
        relay.pass_time()
    assert [record_id for record_id, *_ in relay.changes()] == [str(record.id)]
    assert {status for _, status, _ in relay.statuses()} <= {"settled", "dead"}


async def test_a_value_renamed_in_its_list_is_seen_by_its_new_name(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    relay.deliver(record.id)
    await relay.settle()
    onspring.state.lists[example.STATUSES][0].name = "Under way"
    onspring.state.records.update(record, {example.NAME: "Another name"})
    relay.deliver(record.id)
    await relay.settle()
    assert relay.changes()[-1][2].keys() == {NAME, SUMMARY}
    await relay.start_anew()
    relay.deliver(record.id)
    await relay.settle()
    assert relay.changes()[-1][2] == {STATUS: [["In Progress"], ["Under way"]]}


async def test_a_field_that_joined_is_asked_for_within_the_look(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    record = tasks(onspring)[0]
    onspring.state.fields[7500] = AppField(
        7500, example.TASKS, "Reviewer", "Reference", referenced_app_id=example.USERS
    )
    onspring.state.records.update(record, {7500: [3]})
    relay.deliver(record.id)
    await relay.settle()
    ((stored,),) = relay.database.execute(
        "SELECT fields FROM records WHERE record_id = %s", (str(record.id),)
    )
    assert stored["7500"] == ["3"]


async def test_an_app_without_rights_halts_and_comes_back(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    onspring.state.keys[onspring.key] = ApiKey("reader", apps={example.USERS: {"read"}})
    relay.deliver(1)
    relay.deliver(2, app_id=str(example.USERS))
    await relay.settle()
    assert relay.alarms() == [("app_halted", f"{ACCOUNT}/{APP}")]
    assert sorted(relay.statuses()) == [("1", "pending", None), ("2", "settled", "changed")]
    onspring.state.keys[onspring.key] = ApiKey("administrator", admin=True)
    relay.pass_time()
    await relay.settle()
    assert relay.alarms() == []
    assert [status for _, status, _ in relay.statuses()] == ["settled", "settled"]


async def test_an_app_that_is_gone_takes_no_record_for_deleted(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    relay.deliver(1)
    await relay.settle()
    app = onspring.state.apps.pop(example.TASKS)
    relay.deliver(1, kind="delete")
    await relay.settle()
    assert relay.alarms() == [("app_halted", f"{ACCOUNT}/{APP}")]
    onspring.state.apps[example.TASKS] = app
    relay.pass_time()
    await relay.settle()
    assert [kind for _, kind, _, _ in relay.changes()] == ["create"]


async def test_a_key_that_is_refused_halts_the_account_and_comes_back(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    known = onspring.state.keys.pop(onspring.key)
    relay.deliver(1)
    relay.deliver(1, app_id=str(example.USERS))
    await relay.settle()
    assert relay.alarms() == [("account_halted", ACCOUNT)]
    assert {status for _, status, _ in relay.statuses()} == {"pending"}
    onspring.state.keys[onspring.key] = known
    relay.pass_time()
    await relay.settle()
    assert relay.alarms() == []
    assert {status for _, status, _ in relay.statuses()} == {"settled"}


def add_tasks(onspring: RunningOnspring, count: int) -> list[int]:
    create = onspring.state.records.create
    return [create(example.TASKS, {example.NAME: f"Task {number}"}).id for number in range(count)]


@pytest.mark.parametrize("limit", ["slowest_count", "largest_answer"])
async def test_what_is_too_much_at_once_is_asked_for_in_halves(
    relay: OnspringRelay, onspring: RunningOnspring, limit: str
) -> None:
    await relay.watch(since=LONG_AGO)
    ids = add_tasks(onspring, 60)
    setattr(onspring.state.settings, limit, 20 if limit == "slowest_count" else 20 * 450)
    relay.deliver(*ids)
    await relay.settle()
    assert {record_id for record_id, *_ in relay.changes()} == set(map(str, ids))
    refused = [call for call in onspring.calls_of("POST", "batch-get") if call.status in {400, 499}]
    assert 1 <= len(refused) <= 6
    counted = relay.database.execute("SELECT count(*) FROM calls")
    assert counted == [(len(onspring.state.calls),)], "no look asks for a list of what changed last"


async def test_batches_grow_to_what_one_call_takes_and_no_further(
    relay: OnspringRelay, onspring: RunningOnspring
) -> None:
    await relay.watch(since=LONG_AGO)
    ids = add_tasks(onspring, 450)
    relay.deliver(*ids)
    await relay.settle()
    assert len({record_id for record_id, *_ in relay.changes()}) == len(ids)
    calls = onspring.calls_of("POST", "batch-get")
    assert {call.status for call in calls} == {200}
    assert len(calls) == 1 + 4
    assert relay.database.execute("SELECT batch_size FROM slots WHERE app_id = %s", (APP,)) == [(100,)]


async def test_a_budget_with_one_call_left_is_waited_for_and_gets_on(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> None:
    budget = "{calls: 2, window: 1h, reserve: 0%}"
    async with OnspringRelay(onspring, engine, database, budget=budget) as relay:
        relay.pipeline.spend(1, began=10, back_in=3000)
        relay.deliver(1)
        await relay.settle()
        assert [call.path for call in onspring.state.calls] == ["/Fields/appId/195"]
        assert relay.statuses() == [("1", "pending", None)]
        ((failures, waits),) = database.execute(
            "SELECT failures, next_at > now() + interval '30 minutes' FROM slots"
        )
        assert (failures, waits) == (0, True)
        database.execute("UPDATE calls SET counts_until = now()")
        relay.pipeline.spend(1, began=10, back_in=3000)
        relay.pass_time()
        await relay.settle()
        assert [call.path for call in onspring.state.calls[1:]] == ["/Records/batch-get"]
        assert relay.statuses() == [("1", "settled", "changed")]


async def test_each_call_is_counted_once(relay: OnspringRelay, onspring: RunningOnspring) -> None:
    relay.deliver(1)
    await relay.settle()
    counted = relay.database.execute("SELECT lane, status FROM calls ORDER BY id")
    assert counted == [("settle", 200)] * len(onspring.state.calls)
    assert len(counted) == 2


@pytest.mark.parametrize("status", [500, 429])
async def test_trouble_at_the_provider_loses_nothing(
    relay: OnspringRelay, onspring: RunningOnspring, status: int
) -> None:
    await relay.watch(since=LONG_AGO)
    onspring.state.faults.answers.append(AnswerFault(status=status, path="batch-get", times=2))
    relay.deliver(1)
    for _ in range(4):
        await relay.settle()
        relay.pass_time()
        relay.database.execute("DELETE FROM blocks")
    assert relay.statuses() == [("1", "settled", "changed")]


async def test_what_a_handler_writes_comes_back_as_an_echo(
    onspring: RunningOnspring, engine: AsyncEngine, database: Database
) -> None:
    rules = [tasks_rule("mine"), tasks_rule("others")]
    async with OnspringRelay(onspring, engine, database, rules=rules) as relay:
        await relay.watch(since=LONG_AGO)
        relay.deliver(1)
        await relay.settle()
        database.execute("DELETE FROM runs")
        client = relay.writer("mine")
        written = {
            example.STATUS: example.COMPLETE,
            example.TAGS: [example.AUDIT],
            example.OWNER: 2,
            example.ESTIMATE: 12.5,
            example.DESCRIPTION: "<p>Done &amp; dusted</p>",
        }
        await client.records.save(example.TASKS, written, record_id=1)
        relay.deliver(1)
        await relay.settle()
        assert relay.changes()[-1][1] == "update"
        assert relay.changes()[-1][3] == "echo"
        assert database.execute("SELECT rule FROM runs") == [("others",)]


async def test_what_a_handler_creates_comes_back_as_an_echo(relay: OnspringRelay) -> None:
    await relay.watch(since=LONG_AGO)
    written = {example.NAME: "Made by us", example.STATUS: example.NOT_STARTED}
    saved = await relay.writer().records.save(example.TASKS, written)
    relay.deliver(saved.id)
    await relay.settle()
    assert relay.changes() == [(str(saved.id), "create", None, "echo")]
