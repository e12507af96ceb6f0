"""Which past runs a replay means, by the rules of then and of now, and how many of them at once."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.replaying import Made, ReplayFilter, find_made, read_known_expansions
from service.lifecycle import RunStatus
from service.pipeline.rulebook import Rulebook
from service.pipeline.running.replay import Plan, carry_out, plan_as_now, plan_as_then
from service.rules.keeping import KeptRules
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, rule
from tests.fixtures.rows import Rows
from tests.fixtures.waiting import wait_until_async

DONE, READY, WAITING = RunStatus.DONE, RunStatus.READY, RunStatus.WAITING
RULES = [
    rule("urgent"),
    rule("far", account="second", app="iother", run=["other"]),
    rule("late", account="second", app="iother", on=["delete"]),
]
EVERYTHING = ReplayFilter()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def rulebook(**ordered: bool) -> Rulebook:
    return Rulebook.of(RULES, ordered={"ops": True, "other": True, **ordered}, digest="digest", timezones={})


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


@pytest.fixture
def changes(database: Database, rows: Rows) -> Mapping[str, UUID]:
    """Of each record one change, with its run: `a` today, `b` two days ago in another account and app."""
    near, far = rows.run(DONE, record="a"), rows.run(DONE, record="b", handler="other")
    for table in ("runs", "changes"):
        database.execute(f"UPDATE {table} SET account = 'second', app_id = 'iother' WHERE record_id = 'b'")
    database.execute("UPDATE runs SET rule = 'far' WHERE record_id = 'b'")
    database.execute("UPDATE changes SET created_at = now() - interval '2 days' WHERE record_id = 'b'")
    ids = dict(database.execute("SELECT id, change_id FROM runs"))
    return {"a": ids[near], "b": ids[far]}


def summary(plan: Plan) -> list[tuple[str, ...]]:
    return sorted((made.account, made.app_id, made.record_id, made.rule, made.handler) for made in plan.runs)


A, B = (ACCOUNT, APP, "a", "urgent", "ops"), ("second", "iother", "b", "far", "other")


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (EVERYTHING, [A, B]),
        (ReplayFilter(account="second"), [B]),
        (ReplayFilter(app_ids=["iother"]), [B]),
        (ReplayFilter(app_ids=[]), []),
        (ReplayFilter(record_id="a"), [A]),
        (ReplayFilter(rule="far"), [B]),
        (ReplayFilter(handler="ops"), [A]),
        (ReplayFilter(since=timedelta(days=1)), [A]),
        (ReplayFilter(since=timedelta(0)), []),
        (ReplayFilter(since=LONG_AGO), [A, B]),
        (ReplayFilter(until=timedelta(days=1)), [B]),
        (ReplayFilter(until=LONG_AGO), []),
        (ReplayFilter(since=timedelta(days=3), until=timedelta(days=1)), [B]),
        (ReplayFilter(account="second", record_id="a"), []),
    ],
)
@pytest.mark.usefixtures("changes")
async def test_both_ways_of_replaying_mean_the_same_by_a_filter(
    engine: AsyncEngine, wanted: ReplayFilter, meant: list[tuple[str, ...]]
) -> None:
    rules = KeptRules(rules=tuple(RULES), timezones={})
    assert summary(await plan_as_then(engine, wanted, rulebook())) == meant
    assert summary(await plan_as_now(engine, wanted, rules, rulebook())) == meant


async def test_changes_are_meant_by_their_ids(engine: AsyncEngine, changes: Mapping[str, UUID]) -> None:
    wanted = ReplayFilter(change_ids=[changes["b"]])
    rules = KeptRules(rules=tuple(RULES), timezones={})
    assert summary(await plan_as_then(engine, wanted, rulebook())) == [B]
    assert summary(await plan_as_now(engine, wanted, rules, rulebook())) == [B]


async def test_what_was_run_again_already_is_listed_once_in_the_order_in_which_it_was_run_first(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    first = rows.run(DONE, record="a")
    rows.run(RunStatus.SKIPPED, record="a")
    rows.run(RunStatus.PENDING_LINKS, record="b")
    again = rows.run(DONE, record="a")
    database.execute(
        "UPDATE runs SET replay = 1, change_id = (SELECT change_id FROM runs WHERE id = %s) WHERE id = %s",
        (first, again),
    )
    async with engine.connect() as connection:
        made = await find_made(connection, EVERYTHING, most=10)
        assert [(each.record_id, each.awaits_links) for each in made] == [("a", False), ("b", True)]
        assert [each.record_id for each in await find_made(connection, EVERYTHING, most=1)] == ["a"]


async def test_a_first_run_whose_links_are_there_and_a_replay_that_awaits_them_await_them(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    first, again = rows.run(DONE), rows.run(RunStatus.PENDING_LINKS)
    database.execute(
        "UPDATE runs SET replay = 1, change_id = (SELECT change_id FROM runs WHERE id = %s) WHERE id = %s",
        (first, again),
    )
    async with engine.connect() as connection:
        (made,) = await find_made(connection, EVERYTHING, most=10)
    assert made.awaits_links


async def test_links_are_known_for_each_rule_by_itself(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    """One rule of a change was skipped; another one of the same change is finished, a third one waits."""
    skipped = rows.run(RunStatus.SKIPPED)
    ((change_id,),) = database.execute("SELECT change_id FROM runs WHERE id = %s", (skipped,))
    for name, finished in (("urgent", True), ("finished", True), ("waits", False)):
        database.execute(
            "INSERT INTO expansions (change_id, rule, account, paths, finished_at)"
            " VALUES (%s, %s, 'main', '{client}', CASE WHEN %s THEN now() END)",
            (change_id, name, finished),
        )
    async with engine.connect() as connection:
        known = await read_known_expansions(connection, [change_id])
        assert await read_known_expansions(connection, []) == {}
    assert {name: (each.finished, each.skipped) for (_, name), each in known.items()} == {
        "urgent": (True, True),
        "finished": (True, False),
        "waits": (False, False),
    }


@pytest.mark.usefixtures("changes")
async def test_each_app_and_each_edition_of_the_rules_keeps_its_own(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(DONE, record="c")
    rows.run(DONE, record="d")
    for table in ("runs", "changes"):
        database.execute(f"UPDATE {table} SET app_id = 'inear' WHERE record_id = 'c'")
    database.execute("UPDATE changes SET rules_digest = 'older' WHERE record_id = 'd'")
    plan = await plan_as_then(engine, EVERYTHING, rulebook())
    assert await carry_out(engine, plan, rulebook(), current=False, on_progress=ignore) == 4
    made = "SELECT account, app_id, record_id, rules_digest FROM runs WHERE replay = 1 ORDER BY record_id"
    assert database.execute(made) == [
        (ACCOUNT, APP, "a", ""),
        ("second", "iother", "b", ""),
        (ACCOUNT, "inear", "c", ""),
        (ACCOUNT, APP, "d", "older"),
    ]


async def test_a_long_plan_is_made_in_parts_and_nothing_between_them_is_left_out(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(DONE)
    database.execute(
        "INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, after, sight,"
        " rules_digest) SELECT gen_random_uuid(), %s, %s, 'r1', 100 + number, 'update', 'webhook', '{}', 1,"
        " '' FROM generate_series(1, 400) AS number",
        (ACCOUNT, APP),
    )
    ids = [change_id for (change_id,) in database.execute("SELECT id FROM changes ORDER BY version")]
    runs = [Made(each, ACCOUNT, APP, "r1", "urgent", "ops", "d", awaits_links=False) for each in ids]
    told: list[tuple[int, int]] = []
    made = await carry_out(
        engine, Plan(runs, {}), rulebook(), current=False, on_progress=lambda *now: told.append(now)
    )
    assert (made, told) == (401, [(200, 401), (400, 401), (401, 401)])
    in_order = database.execute(
        "SELECT change_id FROM runs WHERE status = 'waiting' OR replay = 1 ORDER BY seq"
    )
    assert [change_id for (change_id,) in in_order] == ids


@pytest.mark.parametrize(("ordered", "statuses"), [(True, [READY, WAITING]), (False, [READY, READY])])
async def test_replays_keep_the_order_that_their_handler_keeps_now(
    engine: AsyncEngine, database: Database, rows: Rows, ordered: bool, statuses: list[RunStatus]
) -> None:
    for _ in statuses:
        rows.run(DONE)
    book = rulebook(ops=ordered)
    plan = await plan_as_then(engine, EVERYTHING, book)
    await carry_out(engine, plan, book, current=False, on_progress=ignore)
    made: list[tuple[Any, ...]] = database.execute("SELECT status FROM runs WHERE replay = 1 ORDER BY seq")
    assert made == [(status,) for status in statuses]


async def test_a_replay_sees_the_run_that_settling_stores_at_the_same_time(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    rows.run(DONE)
    plan = await plan_as_then(engine, EVERYTHING, rulebook())
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with engine.connect() as settling:
        await settling.execute(text("SELECT FROM records WHERE record_id = 'r1' FOR UPDATE"))
        replaying = asyncio.create_task(
            carry_out(engine, plan, rulebook(), current=False, on_progress=ignore)
        )
        await wait_until_async(
            lambda: replaying.done() or database.execute(waiting), what="the replay waits for the record"
        )
        await settling.execute(
            text(
                "INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status)"
                " SELECT gen_random_uuid(), change_id, account, app_id, record_id, 'new', handler, 'ready'"
                " FROM runs"
            )
        )
        await settling.commit()
    await replaying
    unfinished = "SELECT rule, status FROM runs WHERE status <> 'done' ORDER BY seq"
    assert database.execute(unfinished) == [("new", "ready"), ("urgent", "waiting")]


def ignore(_done: int, _of: int) -> None:
    """Watch no progress."""
