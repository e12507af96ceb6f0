"""A rule that writes back to the record that triggered it ends after one write; everybody else sees that."""

from collections.abc import Iterator

import pytest

from tests.fixtures.installation import Install, Installation
from tests.fixtures.sink import HttpSink, Received
from tests.fixtures.waiting import wait_until

CONFIGURATION = """\
handlers:
  count:
    fusioo.update: {account: main, fields: {notes: "Version {{ change.version }}: {{ record.title }}"}}
  follow: {fusioo.create: {account: main, app: Tasks, fields: {title: "After {{ record.title }}"}}}
  say: {fusioo.comment: {account: main, text: "Now {{ record.status[0] }}."}}
  ops: {http: {url: "%s/ops", allow_private: true}}
rules:
  - {name: counts, account: main, app: Tasks, on: [create, update], run: [count]}
  - {name: follows, account: main, app: Tasks, on: [create], run: [follow]}
  - {name: says, account: main, app: Tasks, changed: [status], run: [say]}
  - {name: all, account: main, app: Tasks, run: [ops]}
"""


@pytest.fixture(scope="module")
def installation(install_unbroken: Install) -> Iterator[Installation]:
    """A relay whose rules write to the app that they watch."""
    with HttpSink() as sink, install_unbroken(sink, CONFIGURATION % sink.url) as running:
        yield running


def arrived(installation: Installation, record_id: str, versions: int) -> list[Received]:
    """What the handler that writes nothing saw of a record, once so many changes of it came in."""
    wait_until(
        lambda: len(installation.received("/ops", record_id)) >= versions,
        what=f"version {versions} of {record_id}",
    )
    installation.wait_until_told(record_id)
    installation.wait_until_done()
    return installation.received("/ops", record_id)


def runs(installation: Installation, record_id: str) -> list[tuple[int, str]]:
    """(version, rule) of each run of a record."""
    rows = installation.database.execute(
        "SELECT version, rule FROM runs JOIN changes ON changes.id = change_id WHERE runs.record_id = %s"
        " ORDER BY version, rule",
        [record_id],
    )
    return [(version, rule) for version, rule in rows]


def test_one_edit_one_write_and_no_loop(installation: Installation) -> None:
    record_id = installation.create(title="Loop")
    changes = arrived(installation, record_id, 2)
    assert [each.json["data"]["origin"] for each in changes] == ["webhook", "echo"]
    assert installation.truth(record_id)["notes"] == "Version 1: Loop"
    assert runs(installation, record_id) == [(1, "all"), (1, "counts"), (1, "follows"), (2, "all")]

    installation.update(record_id, status=["Done"])
    changes = arrived(installation, record_id, 4)
    assert [each.json["data"]["origin"] for each in changes] == ["webhook", "echo", "webhook", "echo"]
    assert len(installation.simulator.calls_of("PATCH", f"/records/{record_id}")) == 2
    (said,) = installation.simulator.state.conversations.on_record(record_id)
    assert said.content == "Now Done."

    followers = [
        each
        for each in installation.simulator.state.records.by_id.values()
        if str(each.now.values.get("title", "")).startswith("After")
    ]
    assert [each.now.values["title"] for each in followers] == ["After Loop"], "none follows the follower"
    assert [rule for _, rule in runs(installation, followers[0].id)].count("follows") == 0
