"""The mirror on real Postgres: tables made, rows written and deleted, and nothing older brought back."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.changes.types import App, Change, Kind
from service.db.engine import open_engine
from service.errors import ConfigurationError
from service.handlers.builtin.mirror import Mirror
from service.handlers.builtin.mirror_table import MirrorTable
from service.handlers.builtin.postgres import PostgresHandler
from service.handlers.builtin.postgres_options import PostgresOptions
from service.handlers.types import Done
from tests.fixtures.changes import a_change
from tests.fixtures.database import Database
from tests.fixtures.tiers import Scale

ROWS = "SELECT record_id, version, fields->>'title' FROM tasks ORDER BY record_id"


@pytest.fixture
async def engine(empty_database: Database) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(empty_database.url, name="test")
    yield opened
    await opened.dispose()


def handler(engine: AsyncEngine, **options: Any) -> PostgresHandler:
    return PostgresHandler(PostgresOptions.model_validate({"table": "tasks", **options}), engine)


def at(version: int, title: str | None, record_id: str = "r1") -> Change:
    """The change that gave a record this title; None: it was deleted."""
    return a_change(
        record_id=record_id,
        version=version,
        kind=Kind.UPDATE if title is not None else Kind.DELETE,
        record={"id": record_id, "title": title or "last known"},
    )


async def test_rows_follow_their_records(engine: AsyncEngine, empty_database: Database) -> None:
    mirror = handler(engine)
    await mirror.write_apart([at(1, "one"), at(1, "two", "r2")])
    await mirror.write_apart([at(2, "one again"), at(2, None, "r2")])
    assert empty_database.execute(ROWS) == [("r1", 2, "one again")]
    account, app_id, moment = empty_database.execute("SELECT account, app_id, changed_at FROM tasks")[0]
    assert (account, app_id, moment) == ("main", "ia4f42", a_change().created_at)


async def test_nothing_older_is_written(engine: AsyncEngine, empty_database: Database) -> None:
    mirror = handler(engine)
    await mirror.write_apart([at(5, "newest")])
    await mirror.write_apart([at(4, "older")])
    await mirror.write_apart([at(3, None)])
    assert empty_database.execute(ROWS) == [("r1", 5, "newest")]


async def test_what_is_deleted_stays_deleted_until_it_is_restored(
    engine: AsyncEngine, empty_database: Database
) -> None:
    mirror = handler(engine)
    await mirror.write_apart([at(2, None)])
    await mirror.write_apart([at(1, "late")])
    assert empty_database.execute(ROWS) == []
    await mirror.write_apart([at(3, "restored")])
    assert empty_database.execute(ROWS) == [("r1", 3, "restored")]
    assert empty_database.execute("SELECT count(*) FROM tasks_deleted") == [(0,)]


async def test_deleted_rows_can_be_marked(engine: AsyncEngine, empty_database: Database) -> None:
    mirror = handler(engine, deleted="mark")
    await mirror.write_apart([at(1, "one"), at(1, "two", "r2")])
    await mirror.write_apart([at(2, None)])
    await mirror.write_apart([at(1, "late")])
    rows = empty_database.execute("SELECT record_id, deleted_at FROM tasks ORDER BY record_id")
    assert rows == [("r1", a_change().created_at), ("r2", None)]
    await mirror.write_apart([at(3, "restored")])
    assert empty_database.execute("SELECT deleted_at FROM tasks WHERE record_id = 'r1'") == [(None,)]


async def test_two_apps_and_accounts_share_a_table(engine: AsyncEngine, empty_database: Database) -> None:
    mirror, one = handler(engine), at(1, "one")
    await mirror.write_apart([one, replace(one, account="other"), replace(one, app=App("b", "B"))])
    await mirror.write_apart([replace(one, account="other", version=2, kind=Kind.DELETE)])
    rows = empty_database.execute("SELECT account, app_id FROM tasks ORDER BY account, app_id")
    assert rows == [("main", "b"), ("main", "ia4f42")]


async def test_fields_have_columns_and_misfits_are_told(
    engine: AsyncEngine, empty_database: Database
) -> None:
    columns = {
        "title": "text",
        "cost": {"field": "estimated cost", "type": "numeric"},
        "due": "date",
        "seen": "timestamptz",
        "tags": "text[]",
        "raw": "jsonb",
        "open": "boolean",
        "count": "bigint",
    }
    record = {
        "title": ["One"],
        "estimated cost": "7.25",
        "due": "soon",
        "seen": "2026-11-22T07:00:00-0500",
        "tags": ["a", "b"],
        "raw": {"deep": [None]},
        "open": True,
        "count": 7,
    }
    (outcome,) = await handler(engine, columns=columns).write_apart([a_change(record=record)])
    assert outcome == Done({"misfits": {"due": "'soon' is no date"}})
    shown = "title, cost::text, due, seen::text, tags, raw, open, count"
    assert empty_database.execute(f"SELECT {shown} FROM tasks") == [
        ("One", "7.25", None, "2026-11-22 12:00:00+00", ["a", "b"], {"deep": [None]}, True, 7)
    ]


async def test_columns_are_added_and_kept(engine: AsyncEngine, empty_database: Database) -> None:
    await handler(engine, columns={"title": "text"}).write_apart([at(1, "one")])
    await handler(engine, columns={"status": "text[]"}).write_apart([a_change(record_id="r2")])
    rows = empty_database.execute("SELECT record_id, title, status FROM tasks ORDER BY record_id")
    assert rows == [("r1", "one", None), ("r2", None, ["Done"])]


async def test_a_schema_may_be_named(engine: AsyncEngine, empty_database: Database) -> None:
    empty_database.execute("CREATE SCHEMA sales")
    await handler(engine, table="sales.tasks").write_apart([at(1, "one")])
    assert empty_database.execute("SELECT record_id FROM sales.tasks") == [("r1",)]


@pytest.mark.parametrize(
    ("made", "options", "why"),
    [
        ("CREATE TABLE tasks (id int)", {}, "is there already, and was not made by the relay"),
        ("", {"create": False}, "there is no table tasks"),
        ("CREATE TABLE tasks (id int)", {"create": False}, "has no column account"),
        (
            "CREATE TABLE tasks (account text, app_id text, record_id text, version int)",
            {"create": False},
            "the column version of table tasks is integer, not bigint",
        ),
    ],
)
async def test_a_table_that_does_not_fit_is_refused(
    engine: AsyncEngine, empty_database: Database, made: str, options: dict[str, Any], why: str
) -> None:
    if made:
        empty_database.execute(made)
    with pytest.raises(ConfigurationError, match=why):
        await handler(engine, **options).write_apart([at(1, "one")])


async def test_a_table_of_the_users_own_is_filled(engine: AsyncEngine, empty_database: Database) -> None:
    made = "account text, app_id text, record_id text, version bigint"
    empty_database.execute(
        f"CREATE TABLE tasks ({made}, fields jsonb, changed_at timestamptz, extra int DEFAULT 7,"
        " PRIMARY KEY (account, app_id, record_id))"
    )
    empty_database.execute(f"CREATE TABLE tasks_deleted ({made}, PRIMARY KEY (account, app_id, record_id))")
    await handler(engine, create=False).write_apart([at(1, "one")])
    assert empty_database.execute("SELECT record_id, extra FROM tasks") == [("r1", 7)]


async def test_a_table_that_was_dropped_is_made_again(engine: AsyncEngine, empty_database: Database) -> None:
    mirror = handler(engine)
    await mirror.write_apart([at(1, "one")])
    empty_database.execute("DROP TABLE tasks")
    with pytest.raises(ProgrammingError):
        await mirror.write_apart([at(2, "two")])
    await mirror.write_apart([at(2, "two")])
    assert empty_database.execute(ROWS) == [("r1", 2, "two")]


async def test_several_processes_make_the_table_at_once(
    engine: AsyncEngine, empty_database: Database
) -> None:
    several = [handler(engine, columns={"title": "text"}) for _ in range(5)]
    await asyncio.gather(
        *(each.write_apart([at(1, "one", f"r{place}")]) for place, each in enumerate(several))
    )
    assert len(empty_database.execute(ROWS)) == 5


async def test_a_handler_without_a_database_says_so() -> None:
    mirror = PostgresHandler(PostgresOptions(table="tasks"), None)
    with pytest.raises(ConfigurationError, match="without a database"):
        await mirror.write_apart([at(1, "one")])


TITLES = st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5))


def test_the_last_version_wins_in_whatever_order_and_company(empty_database: Database, scale: Scale) -> None:
    """Random edits and deletes, each written at least once, in random batches by writers side by side."""
    engine_url = SecretStr(empty_database.url)

    @settings(
        max_examples=scale.pick(small=25, full=400),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.lists(TITLES, min_size=1, max_size=5), min_size=1, max_size=4), st.randoms())
    def check(histories: list[list[str | None]], chance: random.Random) -> None:
        asyncio.run(_play(engine_url.get_secret_value(), histories, chance))
        left = {record_id: title for record_id, _, title in empty_database.execute(ROWS)}
        assert left == {
            f"r{place}": history[-1] or "last known"
            for place, history in enumerate(histories)
            if history[-1] is not None
        }

    check()


async def _play(url: str, histories: Sequence[Sequence[str | None]], chance: random.Random) -> None:
    options = PostgresOptions(table="tasks")
    table = MirrorTable(options)
    mirror = Mirror(options, table)
    changes = [
        at(version, title, f"r{place}")
        for place, history in enumerate(histories)
        for version, title in enumerate(history, start=1)
    ]
    changes += chance.sample(changes, len(changes) // 2)
    chance.shuffle(changes)
    size = chance.randint(1, 4)
    parts = [changes[start : start + size] for start in range(0, len(changes), size)]
    engine = open_engine(url, name="test", pool_size=len(parts))

    async def write(part: Sequence[Change]) -> None:
        async with engine.begin() as connection:
            await mirror.write(connection, part)

    try:
        async with engine.begin() as connection:
            await table.prepare(connection)
            await connection.exec_driver_sql("TRUNCATE tasks, tasks_deleted")
        await asyncio.gather(*map(write, parts))
    finally:
        await engine.dispose()
