"""A Fusioo app and one of Onspring are kept alike, as docs/guide/onspring.md shows, while both are edited."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.onspring.example import (
    COMPLETE,
    DESCRIPTION,
    FUSIOO_ID,
    IN_PROGRESS,
    NAME,
    NOT_STARTED,
    STATUS,
    TASKS,
)
from service.dev.simulators.onspring.outcomes import Outcome
from service.dev.simulators.onspring.records import Record
from tests.fixtures.database import Database
from tests.fixtures.installation import PLENTY, Installation, running_relay
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.pages import blocks_of
from tests.fixtures.simulator import TOKEN, simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.source import ROOT
from tests.fixtures.tiers import Scale
from tests.fixtures.waiting import wait_until

PAGE = ROOT / "docs" / "guide" / "onspring.md"
STATUSES = {"To do": NOT_STARTED, "In progress": IN_PROGRESS, "Done": COMPLETE}
ON_BOTH_SIDES = {"title": NAME, "notes": DESCRIPTION, "status": STATUS}
PATIENCE = 60.0


def recipe() -> str:
    """What the page says of handlers and rules; the first attempts come in quick succession."""
    (block,) = [each for each in blocks_of(PAGE) if "merge: follow" in each.text]
    quickly = f"retry: [{', '.join(['300ms'] * 30 + ['15s'] * 60)}]"
    handlers = block.text[block.text.index("handlers:") :]
    return handlers.replace("    loop: {", f"    {quickly}\n    loop: {{")


@dataclass(frozen=True)
class Pair:
    """A relay between two providers, and what people do there."""

    fusioo: Installation
    onspring: RunningOnspring
    numbers: Iterator[int] = field(default_factory=count)
    rng: random.Random = field(default_factory=random.Random)

    @property
    def processes(self) -> Any:
        """For the logs of a test that failed."""
        return self.fusioo.processes

    def create(self) -> str:
        """Make a task at Fusioo, and wait until Onspring has it and the relay knows that; gives its id."""
        task = self.fusioo.create(title="A task", notes="Old", status=["To do"])
        self.wait_until_known(task)
        return task

    def wait_until_known(self, *tasks: str) -> None:
        wait_until(lambda: all(map(self.copy_of, tasks)), PATIENCE, what="Onspring has the tasks")
        self.wait_until_done()
        known = "SELECT count(*) FROM records WHERE account = 'grc' AND fields->>%s = ANY(%s)"
        wait_until(
            lambda: self.fusioo.database.execute(known, [str(FUSIOO_ID), list(tasks)]) == [(len(tasks),)],
            PATIENCE,
            what="the relay has seen them there",
        )

    def copy_of(self, task: str) -> Record | None:
        """The record of Onspring that is the same as a task of Fusioo."""
        records = self.onspring.state.records.of(TASKS)
        return next((each for each in records if each.values.get(FUSIOO_ID) == task), None)

    def edit(self, side: str, task: str, name: str) -> str:
        """Edit a field at one side, as a person would; gives what it says then, in Fusioo's words."""
        text = self.rng.choice(list(STATUSES)) if name == "status" else f"{name} {next(self.numbers)}"
        if side == "fusioo":
            values: dict[str, Any] = {name: [text] if name == "status" else text}
            self.fusioo.update(task, **values)
            return text
        record = self.copy_of(task)
        assert record is not None
        value = [STATUSES[text]] if name == "status" else text
        self.onspring.state.records.update(record, {ON_BOTH_SIDES[name]: value}, person=1)
        return text

    def shown(self, task: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a task shows at Fusioo and at Onspring, both in Fusioo's words."""
        here, record = self.fusioo.truth(task), self.copy_of(task)
        assert record is not None
        back = {guid: text for text, guid in STATUSES.items()}
        there = {name: record.values.get(field_id) for name, field_id in ON_BOTH_SIDES.items()}
        return {**{name: here[name] for name in ON_BOTH_SIDES}, "status": here["status"][0]}, {
            **there,
            "status": back[record.values[STATUS][0]],
        }

    def is_alike(self, *tasks: str) -> bool:
        return all(here == there for here, there in map(self.shown, tasks))

    def is_quiet(self, task: str) -> bool:
        """Whether both sides show the same, and all that was told of the task is acted on."""
        record = self.copy_of(task)
        assert record is not None
        here, there = self.fusioo.simulator.state.deliveries, self.onspring.state.deliveries
        told = {each.status for each in list(here) if each.record_id == task}
        told |= {each.status for each in list(there) if each.record_id == record.id}
        busy = {record_id for _, _, record_id, *_ in self.fusioo.unfinished()}
        return self.is_alike(task) and told <= {202} and busy.isdisjoint({task, str(record.id)})

    def wait_until_alike(self, *tasks: str, patience: float = PATIENCE) -> None:
        """Wait until both sides show the same, and nobody has anything left to do about it."""
        try:
            wait_until(lambda: self.is_alike(*tasks), patience, what="both sides show the same", pause=0.2)
        except AssertionError:
            raise AssertionError(self._story(tasks)) from None
        self.wait_until_done()
        assert self.is_alike(*tasks), self._story(tasks)

    def _story(self, tasks: Sequence[str]) -> str:
        """What became of the first task that differs."""
        task = next(each for each in tasks if not self.is_alike(each))
        record = self.copy_of(task)
        assert record is not None
        rows = self.fusioo.database.execute(
            "SELECT changes.created_at, changes.account, changes.version, changes.origin, changes.diff,"
            " attempts.started_at, attempts.detail FROM changes LEFT JOIN runs ON runs.change_id = changes.id"
            " LEFT JOIN attempts ON attempts.run_id = runs.id WHERE changes.record_id = ANY(%s)"
            " AND changes.version > 1 ORDER BY changes.created_at, attempts.number",
            [[task, str(record.id)]],
        )
        return "\n".join(map(str, [self.shown(task), *rows]))

    def wait_until_done(self) -> None:
        """Wait until both providers have told of everything, and all that was acted on."""
        wait_until(
            lambda: all(each.status == 202 for each in list(self.onspring.state.deliveries)),
            PATIENCE,
            what="Onspring's outcomes are acknowledged",
        )
        self.fusioo.wait_until_done(PATIENCE)

    def writes(self) -> int:
        """How many writes the relay has made, at both sides."""
        patches = [call for call in list(self.fusioo.simulator.state.calls) if call.method == "PATCH"]
        return len(patches) + len(self.onspring.calls_of("PUT", "/Records"))


@pytest.fixture(scope="module")
def pair(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    state = example_state(token=TOKEN, settings=FusiooSettings(calls_per_window=PLENTY))
    with (
        HttpSink() as sink,
        simulator_in_thread(state) as fusioo,
        onspring_in_thread() as onspring,
        running_relay(
            module_database,
            module_redis_url,
            tmp_path_factory.mktemp("relay"),
            {"main": fusioo},
            rest=(
                f'  grc: {{provider: onspring, token: "${{KEY}}", base_url: "{onspring.url}",'
                f" budget: {{calls: {PLENTY}}}}}\n{recipe()}"
            ),
            settings={"KEY": onspring.key, "RELAY_LOST_AFTER": "60s"},
        ) as processes,
    ):
        told = json.loads(processes.call("webhooks", "add", "grc", "Tasks", "--json"))
        onspring.state.outcomes[1] = Outcome(
            1,
            TASKS,
            told["url"],
            body=told["body"],
            headers={told["header"]: told["secret"]},
            retries=60,
            retry_seconds=0.3,
        )
        yield Pair(Installation(module_database, module_redis_url, fusioo, sink, processes), onspring)


def test_an_edit_at_onspring_is_made_at_fusioo_and_comes_back_as_nothing(pair: Pair) -> None:
    task = pair.create()
    before = pair.writes()
    edits = {name: pair.edit("onspring", task, name) for name in ON_BOTH_SIDES}
    pair.wait_until_alike(task)
    assert pair.shown(task)[0] == edits
    rows = pair.fusioo.database.execute(
        "SELECT origin FROM changes WHERE account = 'main' AND record_id = %s ORDER BY version", [task]
    )
    assert set(rows[1:]) <= {("echo",)}
    assert pair.writes() - before <= len(edits)


def test_edits_of_different_fields_at_the_same_time_both_stay(pair: Pair) -> None:
    task = pair.create()
    title, notes = pair.edit("fusioo", task, "title"), pair.edit("onspring", task, "notes")
    wait_until(
        lambda: pair.shown(task)[0] | {"status": ""} == {"title": title, "notes": notes, "status": ""},
        PATIENCE,
        what="both edits are at Fusioo",
    )
    pair.wait_until_alike(task)
    assert pair.shown(task)[1] == {"title": title, "notes": notes, "status": "To do"}


def test_random_edits_at_both_sides_end_alike_and_lose_none(pair: Pair, scale: Scale) -> None:
    """Some tasks are edited at both sides at once, again and again; others by one side at a time.

    What is fought over never gets a value again that it had before: that nobody sees (the page says so).
    """
    rng = pair.rng
    edits = scale.pick(small=200, full=2_000)
    tasks = [pair.fusioo.create(title="A task", notes="Old") for _ in range(edits // 5)]
    pair.wait_until_known(*tasks)
    before, fought_over = pair.writes(), tasks[: len(tasks) // 4]
    wanted: dict[tuple[str, str], str] = {}
    for _ in range(edits):
        task, side = rng.choice(tasks), rng.choice(["fusioo", "onspring"])
        if task not in fought_over and not pair.is_quiet(task):
            task = rng.choice(fought_over)
        name = rng.choice(["title", "notes"] if task in fought_over else [*ON_BOTH_SIDES])
        wanted[task, name] = pair.edit(side, task, name)
        time.sleep(rng.uniform(0.0, 0.1))  # people are not that quick
    pair.wait_until_alike(*tasks)
    lost = {
        (task, name): (pair.shown(task)[0][name], text)
        for (task, name), text in wanted.items()
        if task not in fought_over and pair.shown(task)[0][name] != text
    }
    assert lost == {}
    assert pair.writes() - before <= 2 * edits
    assert pair.fusioo.database.execute("SELECT name, subject FROM alarms WHERE name = 'loop_held'") == []


@pytest.mark.parametrize("side", ["fusioo", "onspring"])
def test_a_provider_in_trouble_loses_nothing(pair: Pair, side: str, scale: Scale) -> None:
    tasks = [pair.create() for _ in range(3)]
    state = pair.fusioo.simulator.state if side == "fusioo" else pair.onspring.state
    trouble = AnswerFault(status=500, body="html", times=None)
    state.faults.answers.append(trouble)
    titles = [pair.edit("fusioo", task, "title") for task in tasks]
    notes = [pair.edit("onspring", task, "notes") for task in tasks]
    time.sleep(scale.pick(small=6.0, full=600.0))
    state.faults.answers.remove(trouble)
    # After ten minutes of failures the handler's breaker lets one attempt through every few minutes only.
    patience = scale.pick(small=2 * PATIENCE, full=1_800.0)
    wait_until(
        lambda: [pair.shown(task)[0]["notes"] for task in tasks] == notes, patience, what="notes arrive"
    )
    pair.wait_until_alike(*tasks, patience=patience)
    assert [pair.shown(task)[1]["title"] for task in tasks] == titles
    assert pair.fusioo.database.execute("SELECT count(*) FROM runs WHERE status = 'dead'") == [(0,)]
