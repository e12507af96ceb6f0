"""What our own handlers write at a simulated Fusioo: noted before the call, found again, hidden once."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import Change
from service.db.engine import open_engine
from service.dev.simulators.fusioo.example_apps import PEOPLE, TASKS_ID, tasks_app
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.schema import Field, FieldType
from service.errors import RefusedError
from service.handlers.context import Context
from service.handlers.kinds import BoundHandler, HandlerDeps
from service.handlers.registry import build_handlers, close_handlers
from service.pipeline.accounts.opened import Accounts
from service.pipeline.retention import Retention
from service.pipeline.rulebook import Rulebook
from service.pipeline.running.attempts import Attempts
from service.pipeline.running.run import Runner
from service.pipeline.settling.settle import Settler
from service.rules.loader import parse
from service.rules.matcher import Matcher
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, AT_ONCE, LOST_AFTER, Pipeline, bound
from tests.fixtures.simulator import RunningSimulator

_HEAD = """\
version: 1
accounts:
  main: {{provider: fusioo, base_url: "{url}", token: "${{FUSIOO_TOKEN}}", budget: {{calls: {calls}}}}}
"""
NOTES_VERSION = """\
handlers:
  note: {fusioo.update: {account: main, fields: {notes: "Seen as {{ change.version }}."}}}
  look: {log: {}}
rules:
  - {name: notes, account: main, app: ia4f42, run: [note]}
  - {name: looks, account: main, app: ia4f42, run: [look]}
"""
"""A rule that would go on for ever: each of its writes leads to a change with another version."""


class Writing:
    """One process of a relay at a simulated company; it is told of whatever was written there."""

    def __init__(self, provider: RunningSimulator, engine: AsyncEngine, database: Database) -> None:
        self.provider, self.engine, self.database = provider, engine, database
        self.pipeline = Pipeline(engine, database)
        self.process = self.pipeline.process()
        self.held = AsyncExitStack()
        self._told = {record.id: len(record.versions) for record in self._records()}
        self.store_schema()

    def configure(
        self, rest: str, *, calls: int = 500, functions: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        """Take rules and handlers; handlers of kind `log` may be replaced by functions."""
        configuration = parse(
            _HEAD.format(url=self.provider.url, calls=calls) + rest,
            "relay.yaml",
            {"FUSIOO_TOKEN": self.provider.token},
        )
        built = dict(build_handlers(configuration, HandlerDeps(Path())))
        self.held.push_async_callback(close_handlers, built)
        replaced: dict[str, BoundHandler] = {
            name: bound(function, name) for name, function in (functions or {}).items()
        }
        self.pipeline.handlers = built | replaced
        self.pipeline.rulebook = Rulebook(
            Matcher(configuration.rules, {}),
            {each.name: each.run for each in configuration.rules},
            dict.fromkeys(self.pipeline.handlers, True),
            "digest",
        )
        self.accounts = Accounts(
            configuration.accounts,
            self.engine,
            timeout=timedelta(seconds=10),
            holder=self.process,
        )
        self.held.push_async_callback(self.accounts.close)

    def store_schema(self, *more: Field) -> None:
        app = tasks_app()
        app.fields.extend(more)
        self.provider.state.apps[TASKS_ID].fields.extend(more)
        self.database.execute(
            "INSERT INTO apps (account, app_id, name, schema, watched_since) VALUES (%s, %s, 'Tasks', %s,"
            " now()) ON CONFLICT (account, app_id) DO UPDATE SET schema = excluded.schema",
            (ACCOUNT, TASKS_ID, json.dumps(app.to_json())),
        )

    def task(self, **values: Any) -> str:
        filled = {"title": "A task", "status": ["To do"], **values}
        return self.provider.state.records.create(TASKS_ID, filled, person=PEOPLE[0]).id

    def edit(self, record_id: str, **values: Any) -> None:
        self.provider.state.records.update(record_id, values, person=PEOPLE[1])

    def tell(self) -> None:
        """Deliver a hint at every record that was written since the last time."""
        for record in self._records():
            known = self._told.get(record.id, 0)
            if known < len(record.versions):
                self.pipeline.deliver(record.id, "update" if known else "create", app_id=TASKS_ID)
            self._told[record.id] = len(record.versions)

    def _records(self) -> list[Record]:
        return self.provider.state.records.of_app(TASKS_ID)

    async def settle(self) -> None:
        """Tell, and look."""
        self.tell()
        settler = Settler(
            self.engine,
            process_id=self.process,
            lost_after=LOST_AFTER,
            accounts=self.accounts.settled(),
            rulebook=self.pipeline.rulebook,
            recheck=AT_ONCE,
            bells=self.pipeline.bells,
            gather=0.0,
        )
        for _ in range(20):
            self.pipeline.bells.apps.clear()
            await self.pipeline.sweep().sweep()
            if not self.pipeline.bells.apps:
                return
            await settler.settle(ACCOUNT, TASKS_ID)
        raise AssertionError("still something to settle")

    async def run(self) -> None:
        """Run every handler."""
        runner = Runner(
            self.engine,
            process_id=self.process,
            handlers=self.pipeline.handlers,
            attempts=Attempts(self.engine, providers={ACCOUNT: "fusioo"}, clients=self.accounts),
            bells=self.pipeline.bells,
            places=16,
        )
        for handler in self.pipeline.handlers:
            await runner.run(handler)

    async def relay(self, rounds: int = 3) -> None:
        """Settle and run, so often that a loop would show."""
        for _ in range(rounds):
            await self.settle()
            await self.run()

    def writes(self) -> int:
        """How many creates and updates the provider was sent."""
        return sum(call.method in {"PATCH", "POST"} and "filter" not in call.path for call in self.calls())

    def calls(self) -> list[Any]:
        return list(self.provider.state.calls)

    def changes(self, record_id: str) -> list[tuple[Any, ...]]:
        """(version, origin, what the rules said) of a record's changes."""
        return self.database.execute(
            "SELECT version, origin, verdicts FROM changes WHERE record_id = %s ORDER BY version", [record_id]
        )

    def runs(self, rule: str) -> list[str]:
        rows = self.database.execute("SELECT status FROM runs WHERE rule = %s ORDER BY seq", [rule])
        return [status for (status,) in rows]

    def note(self, record_id: str) -> None:
        """Note a write that is still to come back: from now on looks ask for notes."""
        self.database.execute(
            "INSERT INTO own_writes (account, record_id, rule, run_id, hashes)"
            " VALUES (%s, %s, 'notes', gen_random_uuid(), '{}')",
            (ACCOUNT, record_id),
        )

    def notes(self) -> list[tuple[Any, ...]]:
        """(rule, of which record, its fields, whether it is used) of each note."""
        return self.database.execute(
            "SELECT rule, record_id, array(SELECT jsonb_object_keys(hashes) ORDER BY 1), used_at IS NOT NULL"
            " FROM own_writes ORDER BY id"
        )


@pytest.fixture
async def writing(simulator: RunningSimulator, database: Database) -> AsyncIterator[Writing]:
    engine = open_engine(database.url, name="test", pool_size=10)
    made = Writing(simulator, engine, database)
    async with made.held:
        yield made
    await engine.dispose()


async def test_a_rule_that_writes_back_to_its_record_ends_after_one_write(writing: Writing) -> None:
    writing.configure(NOTES_VERSION)
    task = writing.task()
    await writing.relay()
    assert writing.writes() == 1
    assert writing.runs("notes") == ["done"]
    assert writing.runs("looks") == ["done", "done"], "every other rule sees it"
    assert writing.changes(task) == [
        (1, "webhook", {"notes": None, "looks": None}),
        (2, "echo", {"notes": "own write", "looks": None}),
    ]
    assert writing.notes() == [("notes", task, ["notes"], True)]


async def test_a_person_who_writes_the_same_later_is_seen(writing: Writing) -> None:
    writing.configure(NOTES_VERSION)
    task = writing.task()
    await writing.relay()
    written = writing.provider.state.records.by_id[task].now.values["notes"]
    writing.note("another-record")
    writing.edit(task, notes="Something else")
    await writing.settle()
    writing.edit(task, notes=written)
    await writing.settle()
    assert [origin for _, origin, _ in writing.changes(task)] == ["webhook", "echo", "webhook", "webhook"]
    assert writing.changes(task)[-1][2] == {"notes": None, "looks": None}


async def test_an_edit_of_a_person_in_the_same_look_makes_it_no_echo(writing: Writing) -> None:
    writing.configure(NOTES_VERSION)
    task = writing.task()
    await writing.settle()
    await writing.run()
    writing.edit(task, title="Renamed")
    await writing.relay()
    assert [origin for _, origin, _ in writing.changes(task)] == ["webhook", "webhook", "echo"]
    assert writing.runs("notes") == ["done", "done"]
    assert [used for *_, used in writing.notes()] == [True, True]


async def test_of_a_change_that_is_partly_ours_handlers_know_which_part(writing: Writing) -> None:
    seen: list[frozenset[str]] = []

    async def look(change: Change, _context: Context) -> None:
        seen.append(change.echoed)

    writing.configure(NOTES_VERSION, functions={"look": look})
    task = writing.task()
    await writing.settle()
    await writing.run()
    writing.edit(task, title="Renamed")
    await writing.relay()
    assert seen == [frozenset(), {"notes"}, frozenset()], "the last one is an echo altogether"


async def test_an_edit_over_our_write_is_told_with_what_we_wrote_and_only_once(writing: Writing) -> None:
    writing.configure(NOTES_VERSION)
    task = writing.task(notes="By a person")
    await writing.settle()
    await writing.run()
    written = writing.provider.state.records.by_id[task].now.values["notes"]
    writing.edit(task, notes="By another")
    await writing.settle()
    writing.edit(task, notes="Once more")
    await writing.settle()
    rows = writing.database.execute(
        "SELECT origin, diff->'notes' FROM changes WHERE record_id = %s AND version > 1 ORDER BY version",
        [task],
    )
    assert rows == [("webhook", [written, "By another"]), ("webhook", ["By another", "Once more"])]


async def test_a_note_is_good_for_ten_minutes(writing: Writing, database: Database) -> None:
    writing.configure(NOTES_VERSION)
    task = writing.task()
    await writing.settle()
    await writing.run()
    database.execute("UPDATE own_writes SET noted_at = now() - interval '10 minutes 1 second'")
    await writing.settle()
    assert writing.changes(task)[-1] == (2, "webhook", {"notes": None, "looks": None})
    assert writing.notes() == [("notes", task, ["notes"], False)]


async def test_what_fusioo_computes_from_a_write_belongs_to_it(writing: Writing) -> None:
    writing.store_schema(Field("total", "Total", FieldType.FORMULA))
    writing.configure(NOTES_VERSION)
    task = writing.task()
    await writing.settle()
    await writing.run()
    writing.edit(task, total=12)
    await writing.settle()
    assert writing.changes(task)[-1] == (2, "echo", {"notes": "own write", "looks": None})


async def test_records_that_a_rule_creates_are_hidden_from_it_each_by_its_own_note(writing: Writing) -> None:
    writing.configure(
        """\
handlers:
  twice: {log: {}}
  look: {log: {}}
rules:
  - {name: copies, account: main, app: ia4f42, on: [create], run: [twice]}
  - {name: looks, account: main, app: ia4f42, on: [create], run: [look]}
""",
        functions={"twice": create_two},
    )
    writing.task()
    await writing.relay()
    assert writing.writes() == 2
    assert (len(writing.runs("copies")), len(writing.runs("looks"))) == (1, 3)
    assert writing.notes() == [("copies", None, ["status", "title"], True)] * 2
    writing.task(title="Follow up", status=["To do"])
    await writing.settle()
    assert len(writing.runs("copies")) == 2, "a person's task of the same content is not hidden"


async def create_two(change: Change, context: Context) -> None:
    for _ in range(2):
        values = {"title": "Follow up", "status": ["To do"]}
        await context.fusioo(change.account).records.create(change.app.id, values)


async def test_a_later_attempt_of_a_run_replaces_its_own_note(writing: Writing) -> None:
    writing.configure(
        """\
handlers: {twice: {log: {}}}
rules: [{name: notes, account: main, app: ia4f42, run: [twice]}]
""",
        functions={"twice": write_and_fail_at_first},
    )
    task = writing.task()
    await writing.settle()
    await writing.run()
    assert writing.runs("notes") == ["done"]
    assert writing.notes() == [("notes", task, ["notes"], False)]
    await writing.settle()
    assert writing.notes() == [("notes", task, ["notes"], True)]


async def write_and_fail_at_first(change: Change, context: Context) -> None:
    await context.fusioo(change.account).records.update(change.record_id, {"notes": "Seen."})
    if context.attempt == 1:
        raise RuntimeError("after the write")


async def test_a_write_that_is_refused_leaves_no_note(writing: Writing) -> None:
    writing.configure(NOTES_VERSION.replace("notes:", "status:", 1))
    writing.task()
    await writing.settle()
    await writing.run()
    assert writing.runs("notes") == ["dead"]
    assert writing.notes() == []


async def test_without_budget_the_run_waits_and_nothing_is_noted(writing: Writing) -> None:
    writing.configure(NOTES_VERSION, calls=2)
    writing.task()
    await writing.settle()
    await writing.run()
    assert writing.runs("notes") == ["ready"]
    assert (writing.writes(), writing.notes()) == (0, [])


async def test_no_note_is_made_of_a_call_that_an_open_transaction_forbids(writing: Writing) -> None:
    writing.configure(
        "handlers: {late: {log: {}}}\nrules: [{name: a, account: main, app: ia4f42, run: [late]}]\n",
        functions={"late": write_too_late},
    )
    writing.task()
    await writing.settle()
    await writing.run()
    assert writing.runs("a") == ["dead"]
    assert (writing.writes(), writing.notes()) == (0, [])


async def write_too_late(change: Change, context: Context) -> None:
    await context.db.execute("SELECT 1")
    with pytest.raises(RefusedError):
        await context.fusioo(change.account).records.update(change.record_id, {"notes": "Late."})
    raise RefusedError("as it should be")


async def test_notes_are_forgotten_after_an_hour(writing: Writing, database: Database) -> None:
    writing.configure(NOTES_VERSION)
    writing.task()
    await writing.settle()
    await writing.run()
    week = timedelta(days=7)
    retention = Retention(writing.engine, deliveries=week, changes=week, rules_digest="digest")
    await retention.forget()
    assert len(writing.notes()) == 1
    database.execute("UPDATE own_writes SET noted_at = now() - interval '61 minutes'")
    await retention.forget()
    assert writing.notes() == []
