"""The protocol of DESIGN §5 under any interleaving: sights, slots, leases, waiting runs, lost doorbells.

A machine edits a provider's records, loses some of the hints, begins looks and runs in several processes,
holds each at the provider or in the handler, loses processes that go on without knowing it, and lets things
end in any order. Left alone afterwards, the relay must have caught up with the truth.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.changes.types import Change, Origin
from service.db.engine import open_engine
from service.handlers.context import Context
from service.pipeline.sights import Sights, store_sights
from service.records.repository import next_sight
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, HeldCall, Pipeline, bound
from tests.fixtures.pipeline import rule as on_every_change
from tests.fixtures.tiers import Scale

RECORDS = ("a", "b")
IN_ORDER = ("ops", "mirror")


class KeptDatabase(Database):
    """A database on one connection: thousands of small looks into it need no thousand connections."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._connection = psycopg.connect(url, autocommit=True)

    def execute(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        done = self._connection.execute(statement.encode(), parameters)
        return done.fetchall() if done.description else []

    def close(self) -> None:
        self._connection.close()


class Ending(Enum):
    """What handlers do when they are called."""

    HOLD = "hold"
    WELL = "well"
    BADLY = "badly"


@dataclass
class LooseLook:
    """A look outside the slot, as reconcile and backfill make them: it may be stored at any time."""

    started: int
    seen: dict[str, Any]


def _is_within(task: "asyncio.Task[Any]", name: str) -> bool:
    """Whether a task is in the middle of a coroutine function of this name."""
    within: Any = task.get_coro()
    while within is not None:
        if getattr(within, "__qualname__", "") == name:
            return True
        within = getattr(within, "cr_await", None)
    return False


class Protocol(RuleBasedStateMachine):
    """One relay under every interleaving that hypothesis can think of."""

    database: KeptDatabase

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.tasks: set[asyncio.Task[None]] = set()
        self.runs: list[asyncio.Future[bool]] = []
        self.loose: list[LooseLook] = []
        self.revision = 0
        self.handlers_do = Ending.HOLD
        self.overtaken: list[str] = []

    @initialize(workers=st.integers(1, 3))
    def start(self, workers: int) -> None:
        for table in ("deliveries", "records", "changes", "slots", "calls", "processes", "apps", "alarms"):
            self.database.execute(f"DELETE FROM {table}")
        self.engine = open_engine(self.database.url, name="protocol", pool_size=20)
        self.pipeline = Pipeline(
            self.engine,
            self.database,
            rules=[on_every_change("one", run=IN_ORDER), on_every_change("two", run=("ops", "free"))],
            handlers=[
                bound(self._handle, "ops", retry=(timedelta(0),) * 3),
                bound(self._handle, "mirror", retry=()),
                bound(self._handle, "free", ordered=False, retry=()),
            ],
        )
        self.processes = [self.pipeline.process() for _ in range(workers)]

    async def _handle(self, change: Change, context: Context) -> None:
        """Whoever is called out of order, or beside another attempt of a living process, is noted."""
        if context.handler in IN_ORDER:
            beside = self.database.execute(
                "SELECT other.status, count(*) FROM runs AS mine JOIN runs AS other"
                " USING (account, app_id, record_id, handler)"
                " WHERE mine.id = %(run)s AND ("
                "  (other.seq < mine.seq AND other.finished_at IS NULL)"
                "  OR (other.id <> mine.id AND EXISTS (SELECT FROM attempts JOIN processes"
                "   ON processes.id = process_id WHERE run_id = other.id AND outcome IS NULL)))"
                " GROUP BY other.status",
                {"run": context.run_id},
            )
            if beside:
                self.overtaken.append(
                    f"{context.handler} of {change.record_id}, version {change.version}: {beside}"
                )
        if self.handlers_do is not Ending.HOLD:
            well = self.handlers_do is Ending.WELL
        else:
            held: asyncio.Future[bool] = self.loop.create_future()
            self.runs.append(held)
            well = await held
        if not well:
            raise RuntimeError("this attempt fails")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(self.loop.create_task(work))
        self._let_go_on()

    def _let_go_on(self) -> None:
        """Let every task go on until each is over or held by the provider or a handler."""
        self.loop.run_until_complete(self._quiet())

    async def _quiet(self) -> None:
        while self.tasks and await self._anyone_is_busy():
            await asyncio.wait(self.tasks, timeout=0.002)
            for task in [task for task in self.tasks if task.done()]:
                self.tasks.discard(task)
                task.result()

    async def _anyone_is_busy(self) -> bool:
        """Look for some turns of the loop: the end of an attempt may be on its way to its doorbell."""
        for _ in range(5):
            if self._busy() > 0:
                return True
            await asyncio.sleep(0)
        return False

    def _busy(self) -> int:
        """How many are neither held nor wait for their own attempts to end."""
        others = asyncio.all_tasks(self.loop) - self.tasks
        attempts = sum(_is_within(task, "Attempts.make") for task in others)
        waiting = sum(_is_within(task, "_until_one_ended") for task in self.tasks)
        held = len(self._unanswered()) + len(self._unended())
        return len(self.tasks) + attempts - waiting - held

    # What happens at the provider

    @rule(record=st.sampled_from(RECORDS), told=st.sampled_from([0, 1, 1, 3]))
    def edit(self, record: str, told: int) -> None:
        """Change a record, or restore it; `told` hints come of it (none: the webhook is lost)."""
        self.revision += 1
        kind = "update" if record in self.pipeline.provider.truth else "create"
        self.pipeline.provider.truth[record] = {"id": record, "rev": self.revision}
        for _ in range(told):
            self.pipeline.deliver(record, kind)

    @rule(record=st.sampled_from(RECORDS), times=st.integers(1, 3))
    def edit_and_settle(self, record: str, times: int) -> None:
        """Several changes of one record, each settled at once: their runs queue up."""
        for _ in range(times):
            self.edit(record, told=1)
            self.settle(0, hold=False)

    @rule(record=st.sampled_from(RECORDS), told=st.sampled_from(["no", "delete", "update"]))
    def delete(self, record: str, told: str) -> None:
        if self.pipeline.provider.truth.pop(record, None) is not None and told != "no":
            self.pipeline.deliver(record, told)

    # What processes of ours do

    @rule(which=st.integers(0, 9), hold=st.booleans())
    def settle(self, which: int, hold: bool) -> None:
        """A doorbell is answered. Doorbells that hypothesis does not ring are lost."""
        self.pipeline.provider.holding = hold
        process_id = self.processes[which % len(self.processes)]
        self._spawn(self.pipeline.settler(process_id).settle(ACCOUNT, APP))

    @rule(which=st.integers(0, 9), handler=st.sampled_from([*IN_ORDER, "free"]), end=st.sampled_from(Ending))
    def run(self, which: int, handler: str, end: Ending) -> None:
        self.handlers_do = end
        process_id = self.processes[which % len(self.processes)]
        self._spawn(self.pipeline.runner(process_id).run(handler))

    @precondition(lambda self: self._unread())
    @rule(which=st.integers(0, 9))
    def provider_reads(self, which: int) -> None:
        """The provider takes a held call's answer from its records, and does not send it yet."""
        waiting = self._unread()
        call = waiting[which % len(waiting)]
        call.read = self.pipeline.provider.read(call.record_ids, alone=call.alone)

    @precondition(lambda self: self._unanswered())
    @rule(which=st.integers(0, 9))
    def provider_answers(self, which: int) -> None:
        waiting = self._unanswered()
        call = waiting[which % len(waiting)]
        answer = call.read or self.pipeline.provider.read(call.record_ids, alone=call.alone)
        call.result.set_result(answer)
        self._let_go_on()

    @precondition(lambda self: self._unanswered())
    @rule(which=st.integers(0, 9))
    def provider_fails(self, which: int) -> None:
        waiting = self._unanswered()
        waiting[which % len(waiting)].result.set_exception(TimeoutError("no answer"))
        self._let_go_on()
        self.database.execute("UPDATE slots SET next_at = now()")

    @precondition(lambda self: self._unended())
    @rule(which=st.integers(0, 9), well=st.booleans())
    def handler_ends(self, which: int, well: bool) -> None:
        waiting = self._unended()
        waiting[which % len(waiting)].set_result(well)
        self._let_go_on()

    @rule(which=st.integers(0, 9))
    def lose_process(self, which: int) -> None:
        """A process is lost, and another one starts. What the lost one had begun goes on, as a zombie."""
        lost = self.processes.pop(which % len(self.processes))
        self.pipeline.lose(lost)
        self.processes.append(self.pipeline.process())

    @rule(handler=st.sampled_from(IN_ORDER), end=st.sampled_from(Ending), zombies_end=st.booleans())
    def take_over(self, handler: str, end: Ending, zombies_end: bool) -> None:
        """Every process is lost in the middle of what it does; new ones sweep, settle and run."""
        for process_id in self.processes:
            self.pipeline.lose(process_id)
        self.processes = [self.pipeline.process() for _ in self.processes]
        zombies = self._unended()
        self.sweep()
        self.settle(0, hold=False)
        self.run(0, handler, end)
        if zombies_end:
            for zombie in zombies:
                zombie.set_result(True)
            self._let_go_on()
            self.run(0, handler, Ending.WELL)

    @rule()
    def sweep(self) -> None:
        self._spawn(self.pipeline.sweep().sweep())

    # Looks that no slot serialises

    @precondition(lambda self: self.pipeline.provider.truth)
    @rule()
    def begin_loose_look(self) -> None:
        started = self.loop.run_until_complete(self._sight())
        answer = self.pipeline.provider.read(RECORDS, alone=False)
        self.loose.append(LooseLook(started, dict(answer.found)))

    @rule(record=st.sampled_from(RECORDS), times=st.integers(1, 2))
    def overtake_loose_look(self, record: str, times: int) -> None:
        """What a look outside the slot saw is old before it is stored."""
        self.begin_loose_look()
        self.edit_and_settle(record, times)

    @precondition(lambda self: self.loose)
    @rule(which=st.integers(0, 9))
    def store_loose_look(self, which: int) -> None:
        look = self.loose.pop(which % len(self.loose))
        self._spawn(self._store(look))

    async def _sight(self) -> int:
        async with self.engine.begin() as connection:
            return await next_sight(connection)

    async def _store(self, look: LooseLook) -> None:
        sights = Sights(ACCOUNT, "fusioo", APP, look.started, look.seen, origin=Origin.RECONCILE)
        async with self.engine.begin() as connection:
            await store_sights(connection, sights, self.pipeline.rulebook, self.pipeline.recheck)

    def _unanswered(self) -> list[HeldCall]:
        return [call for call in self.pipeline.provider.held if not call.result.done()]

    def _unread(self) -> list[HeldCall]:
        return [call for call in self._unanswered() if call.read is None]

    def _unended(self) -> "list[asyncio.Future[bool]]":
        return [run for run in self.runs if not run.done()]

    # What must hold

    @invariant()
    def nobody_overtakes(self) -> None:
        assert self.overtaken == []

    def teardown(self) -> None:
        try:
            if hasattr(self, "pipeline"):
                self._end()
        finally:
            for task in self.tasks:
                task.cancel()
            if self.tasks:
                self.loop.run_until_complete(asyncio.wait(self.tasks))
            if hasattr(self, "engine"):
                self.loop.run_until_complete(self.engine.dispose())
            self.loop.close()

    def _end(self) -> None:
        """Lose all processes, hint at every record once more, and leave the relay alone."""
        for process_id in self.processes:
            self.pipeline.lose(process_id)
        for record in RECORDS:
            self.pipeline.deliver(record, "update" if record in self.pipeline.provider.truth else "delete")
        self.pipeline.provider.holding, self.handlers_do = False, Ending.WELL
        self.database.execute("UPDATE slots SET next_at = now()")
        self.loop.run_until_complete(self.pipeline.drain())
        self._let_zombies_end()
        self._check()

    def _let_zombies_end(self) -> None:
        for call in self._unanswered():
            call.result.set_result(call.read or self.pipeline.provider.read(call.record_ids, alone=False))
        for run in self._unended():
            run.set_result(True)
        self._let_go_on()

    def _check(self) -> None:
        truth = self.pipeline.provider.truth
        assert self.overtaken == []
        known = self.database.execute("SELECT record_id, state, (fields->>'rev')::int FROM records")
        live = {record: revision for record, state, revision in known if state == "live"}
        assert live == {record: fields["rev"] for record, fields in truth.items()}, "snapshots are the truth"
        unsettled = self.database.execute(
            "SELECT count(*) FROM deliveries"
            " WHERE status <> 'settled' OR outcome IS NULL OR settled_at IS NULL"
        )
        assert unsettled == [(0,)], "each delivery is settled"
        counted = self.database.execute(
            "SELECT count(*) FROM changes WHERE deliveries <>"
            " (SELECT count(*) FROM deliveries WHERE change_id = changes.id)"
        )
        assert counted == [(0,)], "each delivery is settled once"
        self._check_versions()
        self._check_runs()

    def _check_versions(self) -> None:
        for record in RECORDS:
            history = self.database.execute(
                "SELECT version, kind, (after->>'rev')::int, diff FROM changes"
                " WHERE record_id = %s ORDER BY version",
                (record,),
            )
            assert [version for version, *_ in history] == list(range(1, len(history) + 1)), "no gaps"
            revisions = [revision for _, _, revision, _ in history if revision is not None]
            assert revisions == sorted(revisions), "no state goes backwards"
            for (_, _, before, _), (_, kind, after, diff) in pairwise(history):
                if kind == "update":
                    assert diff == {"rev": [before, after]}, "each diff begins where the last change ended"

    def _check_runs(self) -> None:
        expected = self.database.execute(
            "SELECT count(*) FROM changes CROSS JOIN"
            " (VALUES ('one', 'ops'), ('one', 'mirror'), ('two', 'ops'), ('two', 'free'))"
            " AS due (rule, handler) LEFT JOIN runs ON runs.change_id = changes.id"
            " AND runs.rule = due.rule AND runs.handler = due.handler AND runs.status IN ('done', 'dead')"
            " WHERE runs.id IS NULL"
        )
        assert expected == [(0,)], "each change ran each of its handlers to an end"
        assert self.database.execute(
            "SELECT count(*) FROM attempts WHERE outcome IS NULL OR finished_at IS NULL"
        ) == [(0,)], "each attempt is accounted for"
        assert self.database.execute("SELECT count(*) FROM runs WHERE token IS NOT NULL") == [(0,)]


@pytest.mark.timeout(4 * 3600)  # a failure takes long to shrink, and the full size takes hours
def test_any_interleaving_ends_in_the_truth(database: Database, scale: Scale) -> None:
    kept = KeptDatabase(database.url)
    machine = type("BoundProtocol", (Protocol,), {"database": kept})
    with closing(kept):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=scale.pick(small=25, full=2000),
                stateful_step_count=scale.pick(small=30, full=60),
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
