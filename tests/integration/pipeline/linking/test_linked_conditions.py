"""Rules that ask about linked records, through the whole pipeline: who waits, who goes, who is skipped."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from service.changes.types import Change
from service.errors import RefusedError
from service.handlers.context import Context
from service.handlers.listing import show_run
from service.pipeline.running.runs import discard, retry
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline, bound, rule

TARGETS = {APP: {"client": "iclients"}, "iclients": {"owner": "ipeople"}}
GERMAN = {"client.country": {"equal": "DE"}}
RUNS = "SELECT rule, status FROM runs ORDER BY seq"
ACME, BIRCH = "c1", "c2"
"""The one is in Germany, the other in France."""


class Called:
    """A handler that remembers what it was called with."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def __call__(self, change: Change, _: Context) -> None:
        self.changes.append(change)

    @property
    def versions(self) -> list[int]:
        return [change.version for change in self.changes]


@pytest.fixture
def called() -> Called:
    return Called()


class Asking:
    """A relay whose rules ask about linked records."""

    def __init__(
        self, engine: AsyncEngine, database: Database, called: Callable[[Change, Context], Any], *rules: Any
    ) -> None:
        self.pipeline = Pipeline(engine, database, rules=rules, handlers=[bound(called)])
        self.engine, self.database, self.linked = engine, database, self.pipeline.linked
        self.pipeline.watch(fields=("id", "rev", "client"))
        self.linked.targets = TARGETS
        self.linked.truth = {
            ACME: {"id": ACME, "country": ["DE"], "owner": ["p1"]},
            BIRCH: {"id": BIRCH, "country": ["FR"], "owner": ["p2"]},
            "p1": {"id": "p1", "name": "Lauren"},
            "p2": {"id": "p2", "name": "John"},
        }
        self.process = self.pipeline.process()

    def edit(self, rev: int = 1, client: object = (), **fields: object) -> None:
        self.pipeline.provider.truth["a"] = {"id": "a", "rev": rev, "client": client, **fields}
        self.pipeline.deliver("a")

    async def settle(self, rev: int = 1, client: object = (), **fields: object) -> None:
        self.edit(rev, client, **fields)
        await self.pipeline.settler(self.process).settle(ACCOUNT, APP)

    async def expand(self) -> None:
        await self.pipeline.expander(self.process).expand(ACCOUNT)

    def runs(self) -> list[tuple[Any, ...]]:
        return self.database.execute(RUNS)

    def statuses(self) -> list[str]:
        return [status for _, status in self.runs()]

    def run_id(self, place: int) -> UUID:
        return UUID(str(self.database.execute("SELECT id FROM runs ORDER BY seq")[place][0]))


@pytest.fixture
def asking(engine: AsyncEngine, database: Database, called: Called) -> Asking:
    return Asking(engine, database, called, rule("german", when=GERMAN))


async def test_a_run_waits_for_the_links_that_its_rule_asks_about(asking: Asking, called: Called) -> None:
    await asking.settle(client=[ACME])
    assert asking.statuses() == ["pending_links"]
    await asking.pipeline.drain()
    assert asking.statuses() == ["done"]
    assert [each["id"] for each in called.changes[0].linked["client"]] == [ACME], "handlers get them too"


async def test_a_rule_that_does_not_apply_is_skipped_and_says_why(asking: Asking, called: Called) -> None:
    asking.edit(client=[BIRCH])
    with capture_logs() as logs:
        await asking.pipeline.drain()
    assert called.changes == []
    async with asking.engine.connect() as connection:
        run = await show_run(connection, asking.run_id(0))
    assert (run.status, run.tries, run.finished_at is None) == ("skipped", [], False)
    assert run.error == "when.client.country: expected {'equal': 'DE'}, saw [['FR']]"
    assert asking.database.execute("SELECT verdicts FROM changes") == [({"german": "when.client.country"},)]
    (told,) = [each for each in logs if each["event"] == "match.skipped"]
    assert (told["rule"], told["record"], told["reason"]) == ("german", "a", run.error)


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        ([], "there are no linked records of client"),
        (["gone"], "linked records of client were not to be had: gone"),
        ([BIRCH, "gone"], "linked records of client were not to be had: gone"),
        ("no link", "linked records of client were not to be had: no link"),
    ],
)
async def test_gaps_and_no_links_do_not_hold(
    asking: Asking, called: Called, client: object, reason: str
) -> None:
    asking.edit(client=client)
    await asking.pipeline.drain()
    assert called.changes == []
    ((error,),) = asking.database.execute("SELECT error FROM runs WHERE status = 'skipped'")
    assert reason in error


async def test_a_gap_beside_a_record_that_fits_does_not_matter(asking: Asking, called: Called) -> None:
    asking.edit(client=[ACME, "gone"])
    await asking.pipeline.drain()
    assert called.changes[0].gaps == {"client": ("gone",)}


async def test_what_the_record_itself_decides_costs_no_call(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    asking = Asking(engine, database, called, rule("german", when={**GERMAN, "rev": {"equal": 5}}))
    asking.edit(rev=1, client=[ACME])
    await asking.pipeline.drain()
    assert asking.runs() == []
    assert asking.linked.asked == []


async def test_links_of_links_are_judged(engine: AsyncEngine, database: Database, called: Called) -> None:
    lauren, john = (
        rule(name, when={"client.owner.name": {"equal": name.title()}}) for name in ("lauren", "john")
    )
    asking = Asking(engine, database, called, lauren, john)
    asking.edit(client=[ACME])
    await asking.pipeline.drain()
    assert asking.runs() == [("lauren", "done"), ("john", "skipped")]
    assert asking.linked.asked == [[ACME], ["p1"]], "each is asked for once"
    assert asking.database.execute("SELECT verdicts FROM changes") == [
        ({"lauren": None, "john": "when.client.owner.name"},)
    ]


async def test_a_rule_that_is_edited_meanwhile_changes_nothing(
    engine: AsyncEngine, database: Database, asking: Asking, called: Called
) -> None:
    await asking.settle(client=[ACME])
    french = Pipeline(engine, database, rules=[rule("german", when={"client.country": {"equal": "FR"}})])
    french.handlers, french.linked = asking.pipeline.handlers, asking.linked
    await french.drain()
    assert called.versions == [1]


async def test_conditions_that_can_not_be_judged_do_not_hold(asking: Asking, called: Called) -> None:
    await asking.settle(client=[ACME])
    asking.database.execute("""UPDATE expansions SET conditions = '{"when": {"of": "a later version"}}'""")
    with capture_logs() as logs:
        await asking.pipeline.drain()
    assert (called.changes, asking.statuses()) == ([], ["skipped"])
    assert asking.database.execute("SELECT verdicts FROM changes") == [({"german": "error"},)]
    assert "rule.failed" in {each["event"] for each in logs}


async def test_a_poisonous_linked_record_is_a_gap_for_the_conditions_too(
    asking: Asking, called: Called
) -> None:
    asking.linked.truth[ACME] = {"id": ACME, "country": ["DE"], "name": "a NUL \x00 is no JSON for Postgres"}
    asking.edit(client=[ACME])
    await asking.pipeline.drain()
    assert (called.changes, asking.statuses()) == ([], ["skipped"])


# The order of a record's runs


async def test_a_skipped_run_lets_the_next_one_go(asking: Asking, called: Called) -> None:
    await asking.settle(1, client=[BIRCH])
    await asking.settle(2, client=[ACME])
    await asking.settle(3, client=[BIRCH])
    await asking.settle(4, client=[ACME])
    assert asking.statuses() == ["pending_links"] * 4
    await asking.expand()
    assert asking.statuses() == ["skipped", "ready", "skipped", "waiting"]
    assert asking.pipeline.bells.handlers == {"ops"}
    await asking.pipeline.drain()
    assert called.versions == [2, 4]


async def test_a_run_that_waits_behind_a_skipped_one_goes_at_once(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    asking = Asking(
        engine,
        database,
        called,
        rule("german", when={**GERMAN, "rev": {"equal": 1}}),
        rule("later", when={"rev": {"equal": 2}}),
    )
    await asking.settle(1, client=[BIRCH])
    await asking.settle(2, client=[BIRCH])
    assert asking.runs() == [("german", "pending_links"), ("later", "waiting")]
    await asking.expand()
    assert asking.runs() == [("german", "skipped"), ("later", "ready")]
    assert asking.pipeline.bells.handlers == {"ops"}, "somebody is told"


async def test_a_run_skipped_behind_one_that_runs_lets_nobody_overtake(
    engine: AsyncEngine, database: Database
) -> None:
    begun, go_on, seen = asyncio.Event(), asyncio.Event(), list[int]()

    async def slow(change: Change, _: Context) -> None:
        begun.set()
        await go_on.wait()
        seen.append(change.version)

    rules = (
        rule("german", when={**GERMAN, "rev": {"equal": 2}}),
        rule("plain", when={"rev": {"not_equal": 2}}),
    )
    asking = Asking(engine, database, slow, *rules)
    await asking.settle(1, client=[BIRCH])
    running = asyncio.create_task(asking.pipeline.runner(asking.process).run("ops"))
    await asyncio.wait_for(begun.wait(), 10)
    await asking.settle(2, client=[BIRCH])
    await asking.settle(3, client=[BIRCH])
    await asking.expand()
    assert asking.statuses() == ["running", "skipped", "waiting"]
    go_on.set()
    await running
    await asking.pipeline.drain()
    assert (asking.statuses(), seen) == (["done", "skipped", "done"], [1, 3])


async def test_a_retried_run_does_not_join_one_that_runs_when_a_later_one_is_skipped(
    engine: AsyncEngine, database: Database
) -> None:
    begun, go_on, seen = asyncio.Event(), asyncio.Event(), list[int]()

    async def slow(change: Change, _: Context) -> None:
        if change.version == 1 and not begun.is_set():
            raise RuntimeError("the first time")
        begun.set()
        await go_on.wait()
        seen.append(change.version)

    rules = (
        rule("german", when={**GERMAN, "rev": {"equal": 3}}),
        rule("plain", when={"rev": {"less_than": 3}}),
    )
    asking = Asking(engine, database, slow, *rules)
    asking.pipeline.handlers = {"ops": bound(slow, retry=())}
    await asking.settle(1, client=[BIRCH])
    await asking.pipeline.drain(process_id=asking.process)
    await asking.settle(2, client=[BIRCH])
    running = asyncio.create_task(asking.pipeline.runner(asking.process).run("ops"))
    await asyncio.wait_for(begun.wait(), 10)
    assert await retry(engine, asking.run_id(0), out_of_order=True) == "waiting"
    await asking.settle(3, client=[BIRCH])
    await asking.expand()
    assert asking.statuses() == ["waiting", "running", "skipped"]
    go_on.set()
    await running
    await asking.pipeline.drain()
    assert (asking.statuses(), seen) == (["done", "done", "skipped"], [2, 1])


async def test_a_skipped_run_leaves_one_alone_that_awaits_its_own_links(
    asking: Asking,
) -> None:
    asking.pipeline.link_pauses = (timedelta(hours=1),)
    await asking.settle(1, client=[BIRCH])
    await asking.settle(2, client=["gone"])
    await asking.settle(3, client=[ACME])
    await asking.expand()
    assert asking.statuses() == ["skipped", "pending_links", "waiting"]


async def test_runs_without_order_are_skipped_as_well(
    engine: AsyncEngine, database: Database, called: Called
) -> None:
    asking = Asking(engine, database, called, rule("german", when=GERMAN))
    asking.pipeline.handlers = {"ops": bound(called, ordered=False)}
    asking.pipeline.rulebook = Pipeline(
        engine, database, rules=[rule("german", when=GERMAN)], handlers=[bound(called, ordered=False)]
    ).rulebook
    await asking.settle(1, client=[BIRCH])
    await asking.settle(2, client=[ACME])
    await asking.expand()
    assert asking.statuses() == ["skipped", "ready"]


async def test_what_a_person_discarded_stays_so(asking: Asking) -> None:
    await asking.settle(1, client=[BIRCH])
    await discard(asking.engine, asking.run_id(0))
    await asking.expand()
    assert asking.statuses() == ["discarded"]


async def test_a_dead_run_can_be_retried_after_one_that_was_skipped(
    engine: AsyncEngine, database: Database
) -> None:
    async def die(*_: object) -> None:
        raise RuntimeError("always")

    rules = rule("german", when={**GERMAN, "rev": {"equal": 2}}), rule("plain", when={"rev": {"equal": 1}})
    asking = Asking(engine, database, die, *rules)
    for rev in (1, 2):
        await asking.settle(rev, client=[BIRCH])
        await asking.pipeline.drain()
    assert asking.statuses() == ["dead", "skipped"]
    assert await retry(engine, asking.run_id(0)) == "ready"
    with pytest.raises(RefusedError):
        await retry(engine, asking.run_id(1))
