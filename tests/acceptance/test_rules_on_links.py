"""Rules that ask about linked records, and a rule that runs when nothing changed, through all processes."""

from collections.abc import Iterator

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, PEOPLE
from tests.fixtures.installation import Install, Installation
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

CONFIGURATION = """\
handlers:
  ops: {http: {url: "%(sink)s/ops", allow_private: true}}
  saved: {http: {url: "%(sink)s/saved", allow_private: true}}
rules:
  - name: for-acme
    account: main
    app: Tasks
    when: {client.name: {equal: Acme}, priority: {equal: High}}
    run: [ops]
  - {name: saved, account: main, app: Tasks, unchanged: true, when: {status: {equal: Done}}, run: [saved]}
"""


@pytest.fixture(scope="module")
def installation(install_unbroken: Install) -> Iterator[Installation]:
    with HttpSink() as sink, install_unbroken(sink, CONFIGURATION % {"sink": sink.url}) as running:
        yield running


@pytest.fixture(scope="module")
def clients(installation: Installation) -> dict[str, str]:
    """Clients by name; nobody was told of them."""
    records = installation.simulator.state.records
    return {
        name: records.create(CLIENTS_ID, {"name": name}, person=PEOPLE[0], told=False).id
        for name in ("Acme", "Birch")
    }


def statuses(installation: Installation, record_id: str) -> list[tuple[str, str | None]]:
    """Status and error of each run of a record, in order."""
    rows = installation.database.execute(
        "SELECT status, error FROM runs WHERE record_id = %s AND handler = 'ops' ORDER BY seq", [record_id]
    )
    return [(status, error) for status, error in rows]


def wait_for_versions(installation: Installation, record_id: str, versions: int) -> None:
    wait_until(
        lambda: (
            installation.database.execute(
                "SELECT count(*) FROM changes WHERE record_id = %s AND version <= %s", [record_id, versions]
            )
            == [(versions,)]
        ),
        what=f"{versions} changes of {record_id}",
    )
    installation.wait_until_done()


def test_a_rule_runs_for_the_records_of_one_client_only(
    installation: Installation, clients: dict[str, str]
) -> None:
    task = installation.create(title="A", priority=["High"], client=[clients["Birch"]])
    wait_for_versions(installation, task, 1)
    why = "when.client.name: expected {'equal': 'Acme'}, saw ['Birch']"
    assert statuses(installation, task) == [("skipped", why)]
    installation.update(task, client=[clients["Birch"], clients["Acme"]])
    wait_for_versions(installation, task, 2)
    assert [status for status, _ in statuses(installation, task)] == ["skipped", "done"]
    (received,) = installation.received("/ops", task)
    assert [each["name"] for each in received.json["data"]["linked"]["client"]] == ["Birch", "Acme"]

    other = installation.create(title="B", client=[clients["Acme"]])
    wait_for_versions(installation, other, 1)
    assert statuses(installation, other) == [], "its priority decides without the client"


def test_a_rule_runs_when_nothing_changed(installation: Installation, http: httpx2.Client) -> None:
    task = installation.create(title="C", status=["Done"])
    wait_for_versions(installation, task, 1)
    assert installation.deliver(http, task) == 202
    wait_for_versions(installation, task, 2)
    created, saved = (each.json["data"] for each in installation.received("/saved", task))
    assert (created["kind"], created["diff"]) == ("create", None)
    assert (saved["kind"], saved["diff"], saved["record"]["status"]) == ("update", {}, ["Done"])
