"""A Fusioo edit appears in Onspring, with list values, references and files; what is there is not written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from service.dev.simulators.contents import Content
from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID, example_state
from service.dev.simulators.fusioo.schema import Field, FieldType
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.onspring.example import (
    ATTACHMENTS,
    COMPLETE,
    FUSIOO_ID,
    IN_PROGRESS,
    NAME,
    OWNER,
    STATUS,
    TASKS,
)
from service.dev.simulators.onspring.records import Record
from tests.fixtures.database import Database
from tests.fixtures.installation import PLENTY, Installation, running_relay
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.simulator import TOKEN, simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import wait_until

LAUREN = 3
"""The record of "Lauren Moss" among Onspring's users."""
CONFIGURATION = """\
  grc: {provider: onspring, token: "${ONSPRING_API_KEY}", base_url: "%s"}
handlers:
  grc:
    onspring.upsert:
      account: grc
      app: Tasks
      key: {Fusioo Id: "{{ change.record_id }}"}
      create_values: true
      fields:
        Name: "{{ record.title }}"
        Status: "{{ 'Complete' if record.status[0] == 'Done' else record.status[0] }}"
        Owner: {reference: {by: {Username: "{{ record.responsible }}"}}}
    timeout: 4s  # what may have been made is waited for that long
    retry: [QUICKLY]
  papers:
    onspring.attach:
      account: grc
      app: Tasks
      key: {Fusioo Id: "{{ change.record_id }}"}
      field: Attachments
      files: "{{ record.papers | default([]) }}"
    retry: [QUICKLY]
rules:
  - {name: tasks, account: main, app: Tasks, on: [create, update], run: [grc, papers]}
""".replace("QUICKLY", ", ".join(["300ms"] * 60))


@dataclass(frozen=True)
class Pair:
    """A relay between two providers."""

    fusioo: Installation
    onspring: RunningOnspring

    @property
    def processes(self) -> Any:
        """For the logs of a test that failed."""
        return self.fusioo.processes

    def add_paper(self, record_id: str, name: str, content: bytes) -> str:
        """Put a file into the field of a task, as a person would; gives its id."""
        state = self.fusioo.simulator.state
        held = state.records.by_id[record_id].now.values.get("papers") or []
        stored = state.files.add(
            name,
            Content(content),
            content_type="text/plain",
            person=PEOPLE[0],
            record_id=record_id,
            field_id="papers",
        )
        self.fusioo.update(record_id, papers=[*held, stored.id])
        return stored.id

    def tasks_of(self, record_id: str) -> list[Record]:
        """The records of Onspring that came from a task of Fusioo."""
        records = list(self.onspring.state.records.of(TASKS))
        return [each for each in records if each.values.get(FUSIOO_ID) == record_id]

    def files_of(self, record: Record) -> list[tuple[str, bytes]]:
        """What is attached to a record of Onspring."""
        return [
            (stored.name, b"".join(stored.content.pieces()))
            for stored in list(self.onspring.state.files.by_id.values())
            if (stored.record_id, stored.field_id) == (record.id, ATTACHMENTS)
        ]

    def wait_until_done(self, record_id: str) -> None:
        """Wait until all that Fusioo told of a task was acted on."""
        self.fusioo.wait_until_told(record_id)
        self.fusioo.wait_until_done(60.0)


@pytest.fixture(scope="module")
def pair(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    state = example_state(token=TOKEN, settings=FusiooSettings(calls_per_window=PLENTY))
    papers = Field("papers", "Papers", FieldType.FILE, options={"allow_multiple": True})
    state.apps[TASKS_ID].fields.append(papers)
    with (
        HttpSink() as sink,
        simulator_in_thread(state) as fusioo,
        onspring_in_thread() as onspring,
        running_relay(
            module_database,
            module_redis_url,
            tmp_path_factory.mktemp("relay"),
            {"main": fusioo},
            rest=CONFIGURATION % onspring.url,
            settings={"ONSPRING_API_KEY": onspring.key, "RELAY_LOST_AFTER": "60s"},
        ) as processes,
    ):
        installation = Installation(module_database, module_redis_url, fusioo, sink, processes)
        yield Pair(installation, onspring)


def test_a_task_appears_with_its_list_value_its_reference_and_its_file(pair: Pair) -> None:
    record_id = pair.fusioo.create(
        title="O'Brien's chairs", status=["In progress"], responsible=["Lauren Moss"]
    )
    pair.add_paper(record_id, "Vertrag ü.txt", b"signed")
    pair.wait_until_done(record_id)
    (task,) = pair.tasks_of(record_id)
    assert task.values[NAME] == "O'Brien's chairs"
    assert (task.values[STATUS], task.values[OWNER]) == ([IN_PROGRESS], [LAUREN])
    assert pair.files_of(task) == [("Vertrag ü.txt", b"signed")]

    pair.fusioo.update(record_id, status=["Done"])
    wait_until(lambda: pair.tasks_of(record_id)[0].values[STATUS] == [COMPLETE], what="the edit arrives")
    pair.add_paper(record_id, "more.txt", b"countersigned")
    pair.wait_until_done(record_id)
    assert pair.files_of(task) == [("Vertrag ü.txt", b"signed"), ("more.txt", b"countersigned")]
    assert len(pair.tasks_of(record_id)) == 1


def test_an_edit_of_something_else_writes_nothing(pair: Pair) -> None:
    record_id = pair.fusioo.create(title="Tables", responsible=["Lauren Moss"])
    pair.wait_until_done(record_id)
    before = len(pair.onspring.calls_of("PUT", "/Records"))
    pair.fusioo.update(record_id, notes="Nothing of this goes to Onspring.")
    pair.wait_until_done(record_id)
    rows = pair.fusioo.database.execute(
        "SELECT handler, status FROM runs WHERE record_id = %s ORDER BY handler", [record_id]
    )
    assert rows == [("grc", "done"), ("grc", "done"), ("papers", "done"), ("papers", "done")]
    assert len(pair.onspring.calls_of("PUT", "/Records")) == before


def test_a_second_run_of_the_same_change_writes_nothing(pair: Pair) -> None:
    record_id = pair.fusioo.create(title="Shelves", status=["Done"], responsible=["Lauren Moss"])
    pair.add_paper(record_id, "plan.txt", b"a plan")
    pair.wait_until_done(record_id)
    calls = pair.onspring.calls_of
    before = len(calls("PUT", "/Records")), len(calls("POST", "/Files"))
    pair.processes.call("changes", "replay", "--record", record_id, "--yes")
    pair.wait_until_done(record_id)
    (ran,) = pair.fusioo.database.execute(
        "SELECT count(*) FILTER (WHERE replay > 0), count(*) FROM runs"
        " WHERE record_id = %s AND status = 'done'",
        [record_id],
    )
    assert ran[0] == ran[1] // 2 > 0
    assert (len(calls("PUT", "/Records")), len(calls("POST", "/Files"))) == before
    assert len(pair.tasks_of(record_id)) == 1


def test_answers_that_are_lost_make_nothing_twice(pair: Pair) -> None:
    uploads = len(pair.onspring.calls_of("POST", "/Files"))
    pair.onspring.state.faults.answers += [
        AnswerFault(status=500, method="PUT", path="^/Records$", times=1, takes_effect=True),
        AnswerFault(status=503, method="POST", path="^/Files$", times=1, takes_effect=True),
    ]
    record_id = pair.fusioo.create(title="Lamps", responsible=["Lauren Moss"])
    pair.add_paper(record_id, "a.txt", b"a")
    pair.wait_until_done(record_id)
    (task,) = pair.tasks_of(record_id)
    assert pair.files_of(task) == [("a.txt", b"a")]
    assert len(pair.onspring.calls_of("POST", "/Files")) - uploads == 1
