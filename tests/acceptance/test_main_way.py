"""The main job from outside: what a person does at the provider arrives at the handlers, once."""

from collections.abc import Callable, Iterator

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from tests.fixtures.installation import SIGNING_SECRET, Install, Installation
from tests.fixtures.sink import HttpSink, Received, Reply
from tests.fixtures.waiting import wait_until

CONFIGURATION = """\
handlers:
  ops:     {http: {url: "%(good)s/ops", secret: "${OPS_SECRET}", allow_private: true}}
  closed:  {http: {url: "%(good)s/closed", allow_private: true}}
  urgent:  {http: {url: "%(good)s/urgent", allow_private: true}}
  mirror:  {http: {url: "%(good)s/mirror", allow_private: true}}
  failing: {http: {url: "%(bad)s/failing", allow_private: true}, retry: [200ms, 200ms, 200ms]}
rules:
  - {name: everything, account: main, app: Tasks, run: [ops]}
  - name: closing
    account: main
    app: Tasks
    changed: {status: {from: In progress, to: Done}}
    run: [closed]
  - name: urgent
    account: main
    app: Tasks
    on: [update]
    when: {priority: {contains_any: [Critical]}}
    run: [urgent]
  - {name: fragile, account: main, app: Tasks, when: {title: {equal: Fragile}}, run: [failing, mirror]}
"""


@pytest.fixture(scope="module")
def bad_sink() -> Iterator[HttpSink]:
    """A receiver of its own for the handler that fails."""
    with HttpSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def installation(install_unbroken: Install, bad_sink: HttpSink) -> Iterator[Installation]:
    with (
        HttpSink() as sink,
        install_unbroken(sink, CONFIGURATION % {"good": sink.url, "bad": bad_sink.url}) as running,
    ):
        yield running


@pytest.fixture
def settle(installation: Installation) -> Callable[[str], None]:
    """Wait until the provider has told of everything that was done to a record, and nothing is left to do."""

    def wait(record_id: str) -> None:
        installation.wait_until_told(record_id)
        installation.wait_until_done()

    return wait


def test_create_update_and_delete_arrive_once_each(
    installation: Installation, settle: Callable[[str], None]
) -> None:
    record_id = installation.create(title="Write it down", status=["In progress"])
    settle(record_id)
    created = installation.truth(record_id)
    installation.update(record_id, status=["Done"], notes="As agreed.")
    settle(record_id)
    updated = installation.truth(record_id)
    installation.delete(record_id)
    settle(record_id)

    first, second, third = installation.received("/ops", record_id)
    assert [each.json["type"] for each in (first, second, third)] == [
        "fusioo.record.created",
        "fusioo.record.updated",
        "fusioo.record.deleted",
    ]
    data = [each.json["data"] for each in (first, second, third)]
    assert [each["kind"] for each in data] == ["create", "update", "delete"]
    assert [each["version"] for each in data] == [1, 2, 3]
    assert [each["record"] for each in data] == [created, updated, updated]
    assert [each["diff"] for each in data] == [
        None,
        {
            "status": {"before": ["In progress"], "after": ["Done"]},
            "notes": {"before": None, "after": "As agreed."},
        },
        None,
    ]
    assert {each["origin"] for each in data} == {"webhook"}
    assert {(each["account"], each["app"]["name"], each["rule"]) for each in data} == {
        ("main", "Tasks", "everything")
    }
    assert len({each["change_id"] for each in data}) == len({each["run_id"] for each in data}) == 3


def test_requests_are_signed(installation: Installation, settle: Callable[[str], None]) -> None:
    record_id = installation.create()
    settle(record_id)
    (request,) = installation.received("/ops", record_id)
    assert Webhook(SIGNING_SECRET).verify(request.body.decode(), dict(request.headers)) == request.json
    assert request.headers["webhook-id"] == request.json["data"]["run_id"]
    assert request.headers["content-type"] == "application/json"


def test_duplicates_of_a_delivery_are_one_change(
    installation: Installation, http: httpx2.Client, settle: Callable[[str], None]
) -> None:
    record_id = installation.create()
    settle(record_id)
    installation.update(record_id, told=False, status=["Done"])
    assert [installation.deliver(http, record_id) for _ in range(3)] == [202] * 3
    installation.wait_until_done()
    assert outcomes(installation, record_id) <= {"changed", "unchanged"}
    assert [each.json["data"]["version"] for each in installation.received("/ops", record_id)] == [1, 2]
    assert count(installation, "changes", record_id) == count(installation, "runs", record_id) == 2


def test_a_provider_that_repeats_itself(installation: Installation, settle: Callable[[str], None]) -> None:
    deliveries = installation.simulator.state.faults.deliveries
    deliveries.copies = 3
    deliveries.duplicate_next = 1
    record_id = installation.create()
    wait_until(lambda: count(installation, "deliveries", record_id) == 3, what="three copies came")
    settle(record_id)
    (request,) = installation.received("/ops", record_id)
    assert request.json["data"]["version"] == 1
    assert count(installation, "changes", record_id) == count(installation, "runs", record_id) == 1


def test_a_rule_that_does_not_match_runs_nothing(
    installation: Installation, settle: Callable[[str], None]
) -> None:
    record_id = installation.create(status=["Done"], priority=["Critical"])
    settle(record_id)
    installation.update(record_id, status=["In progress"], priority=["Low"])
    settle(record_id)
    assert handlers_that_ran(installation, record_id) == ["ops", "ops"]
    installation.update(record_id, status=["Done"])
    settle(record_id)
    assert handlers_that_ran(installation, record_id)[2:] == ["closed", "ops"]
    installation.update(record_id, priority=["Critical"])
    settle(record_id)
    assert handlers_that_ran(installation, record_id)[4:] == ["ops", "urgent"]
    (closed,) = installation.received("/closed", record_id)
    assert closed.json["data"]["diff"] == {"status": {"before": ["In progress"], "after": ["Done"]}}


def test_a_failing_handler_stops_no_other_and_keeps_its_key(
    installation: Installation, bad_sink: HttpSink, settle: Callable[[str], None]
) -> None:
    bad_sink.answer(500)
    record_id = installation.create(title="Fragile")
    settle(record_id)
    bad_sink.answer(200)
    tries = received_by(bad_sink, record_id)
    assert [each.json["data"]["attempt"] for each in tries] == [1, 2, 3, 4]
    assert len({each.headers["webhook-id"] for each in tries}) == 1
    assert len(installation.received("/mirror", record_id)) == 1
    assert len(installation.received("/ops", record_id)) == 1
    assert dict(statuses(installation, record_id)) == {"failing": "dead", "mirror": "done", "ops": "done"}


def test_a_records_runs_wait_for_the_one_that_is_tried_again(
    installation: Installation, bad_sink: HttpSink, settle: Callable[[str], None]
) -> None:
    bad_sink.answer_next(Reply(500), Reply(503), Reply(500))
    record_id = installation.create(title="Fragile")
    wait_until(lambda: received_by(bad_sink, record_id), what="the first try")
    installation.update(record_id, status=["Done"])
    settle(record_id)
    tries = [each.json["data"] for each in received_by(bad_sink, record_id)]
    assert [(each["version"], each["attempt"]) for each in tries] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]
    assert [each.json["data"]["version"] for each in installation.received("/mirror", record_id)] == [1, 2]


def received_by(sink: HttpSink, record_id: str) -> list[Received]:
    return [each for each in sink.received if each.json["data"]["record_id"] == record_id]


def count(installation: Installation, table: str, record_id: str) -> int:
    ((rows,),) = installation.database.execute(
        f"SELECT count(*) FROM {table} WHERE record_id = %s", [record_id]
    )
    assert isinstance(rows, int)
    return rows


def outcomes(installation: Installation, record_id: str) -> set[str]:
    """What became of a record's deliveries."""
    rows = installation.database.execute(
        "SELECT DISTINCT outcome FROM deliveries WHERE record_id = %s", [record_id]
    )
    return {outcome for (outcome,) in rows}


def statuses(installation: Installation, record_id: str) -> list[tuple[str, str]]:
    """(handler, status) of a record's runs, by change and handler."""
    rows = installation.database.execute(
        "SELECT handler, runs.status FROM runs JOIN changes ON changes.id = change_id"
        " WHERE runs.record_id = %s ORDER BY version, handler",
        [record_id],
    )
    return [(handler, status) for handler, status in rows]


def handlers_that_ran(installation: Installation, record_id: str) -> list[str]:
    return [handler for handler, _ in statuses(installation, record_id)]
