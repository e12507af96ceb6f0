"""No statement that a relay sends all day reads more as its tables grow.

The statements are found by themselves: whatever sends one must be reached by `Day`, or be named below.
"""

import asyncio
from collections.abc import Iterator, Mapping

import pytest

from service.db.base import Base
from service.db.engine import open_engine
from tests.fixtures.aged import store_aged, store_flood
from tests.fixtures.database import Database, DatabaseServer
from tests.fixtures.day import Day
from tests.fixtures.explaining import Explained, watching
from tests.fixtures.plan import AGEING, GROWING
from tests.fixtures.plan_page import PLANS_PAGE, queries_on_page, render_plans
from tests.fixtures.query_sites import query_sites
from tests.fixtures.tiers import Scale

_ROWS, _DUE_AT_ONCE = 100_000, 30_000

SELDOM: Mapping[str, str] = {
    "service.cli.doctor.": "once, when a person asks",
    "service.db.session_locks.hold_lock": "a lock, no table",
    "service.handlers.builtin.mirror_table.": "once for each mirror and process; the catalogue only",
    "service.handlers.database.": "the users' own statements",
    "service.handlers.interventions.count_runs": "a person's own filter, before acting on many runs",
    "service.handlers.interventions.find_runs": "a person's own filter, when acting on many runs",
    "service.handlers.loops.let_held_go": "when a person resumes a handler",
    "service.handlers.replaying.": "a person's own filter, when past changes are replayed",
    "service.handlers.states.pause_handler": "when a person pauses a handler",
    "service.handlers.states.resume_handler": "when a person resumes a handler",
    "service.pipeline.showing.reader.": "once, when a person or a program looks; no table",
    "service.registrations.listings.": "once an hour, and when workers start; as many rows as apps",
    "service.registrations.manual.": "when a person sets up a webhook, or takes it out",
    "service.registrations.repository.": "when webhooks are applied; as many rows as apps",
    "service.rulebooks.kept_changes.count_changes": "when a person backtests: all changes of a stretch",
    "service.rulebooks.kept_changes.read_kept_changes": "when a person backtests: all changes of a stretch",
    "service.rulebooks.kept_changes.read_moment": "when a person backtests; no table",
    "service.rulebooks.repository.store_rulebook": "once, when a process begins to settle",
    "service.tokens.repository.": "when a token expires; as many rows as accounts",
}
"""What `Day` need not reach, by the beginning of its name, and why."""

READS_MUCH: Mapping[str, str] = {
    "service.retention.repository.forget_rulebooks": "once for rules that were replaced a month ago",
    "service.retention.repository.forget_small": "once an hour, on tables that keep a day or a month",
    "service.inbox.listing.show_delivery": "for a person: a bounded stretch of ids, mostly the next one",
    "service.inbox.listing.list_deliveries": "a person's own filter, in the order of the primary key",
    "service.inbox.noticing.notice_records": "for each page of a list: what is open of its app",
    "service.inbox.noticing.open_records": "for each page of a list: what is open of its app",
    "service.inbox.repository.hinted_records": "before a record is taken for deleted that nobody said was",
    "service.reconciles.repository.count_known": "once per app and period, to tell deletions by the count",
    "service.records.disappearance.count_known": "where many records are missing: at most twenty for each",
    "service.records.disappearance.wake_held": "when records that were missing in masses are back",
    "service.records.waiting.read_backlog": "where calls run short: no more than those left could settle",
    "service.handlers.listing.list_runs": "a person's own filter, in the order of time",
    "service.records.listing.list_judged_changes": "a person's own filter, in the order of time",
}
"""What may read more as tables grow, and why."""

UNUSED_INDEXES: Mapping[str, str] = {
    "ix_captured_requests_key": "the requests of a capture: few, for a day; and the foreign key",
    "ix_deliveries_change_id": "which deliveries led to a change, for people",
    "ix_runs_created_at": "the newest runs, for people: their own filters may lead elsewhere",
    "ix_registration_secrets_registration_id": "the foreign key, when a registration is deleted",
    "uq_registrations_live": "a promise, not a way to find something",
    "uq_walks_under_way": "another one",
}
"""Indexes that `Day` need not use, and why they are there."""


@pytest.fixture(scope="module")
def days(database_server: DatabaseServer, scale: Scale) -> Iterator[dict[str, list[Explained]]]:
    """What a relay sent, by the state of its database.

    `settled`: much is finished, little is due, statistics are good. `flooded`: much is suddenly due, and the
    statistics know nothing of it. `unknown`: there never were any.
    """
    database = database_server.create(template=database_server.template())
    _freeze_statistics(database)
    store_aged(database, _ROWS)
    found = {}
    if scale.full:
        found["unknown"] = asyncio.run(_spend_day(database))
    database.execute("VACUUM ANALYZE")
    found["settled"] = asyncio.run(_spend_day(database))
    store_flood(database, _DUE_AT_ONCE)
    found["flooded"] = asyncio.run(_spend_day(database))
    yield found
    database_server.drop(database)


def _freeze_statistics(database: Database) -> None:
    """Let nobody else read statistics or clean up meanwhile."""
    for table in sorted(GROWING | AGEING):
        database.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")


async def _spend_day(database: Database) -> list[Explained]:
    engine = open_engine(database.url, name="test")
    try:
        with watching() as watch:
            await Day(engine, database).spend()
    finally:
        await engine.dispose()
    return watch.explained


def test_nothing_reads_more_as_tables_grow(days: dict[str, list[Explained]]) -> None:
    faults = {
        f"{state}, {each.mode}, {each.site}: {fault}": each.statement
        for state, explained in days.items()
        for each in explained
        if each.site.function not in READS_MUCH
        for fault in each.plan.faults()
    }
    assert faults == {}


def test_every_statement_was_looked_at(days: dict[str, list[Explained]]) -> None:
    seen = {each.site for explained in days.values() for each in explained}
    unseen = {
        str(site)
        for sites in query_sites().values()
        for site in sites
        if site not in seen and not site.function.startswith(tuple(SELDOM))
    }
    assert unseen == set(), "let tests/fixtures/day.py do what sends them, or name them in SELDOM"


def test_what_is_excused_is_there() -> None:
    functions = {site.function for sites in query_sites().values() for site in sites}
    assert {name for name in SELDOM if not any(each.startswith(name) for each in functions)} == set()
    assert {name for name in READS_MUCH if name not in functions} == set()


def test_every_index_is_used(days: dict[str, list[Explained]]) -> None:
    """An index that nobody uses costs every insert."""
    used = {
        node.told["Index Name"]
        for explained in days.values()
        for each in explained
        for node in each.plan.nodes()
        if "Index Name" in node.told
    }
    indexes = {str(index.name) for table in Base.metadata.tables.values() for index in table.indexes}
    assert indexes - used - UNUSED_INDEXES.keys() == set()


def test_the_page_of_plans_lists_every_query(
    days: dict[str, list[Explained]], pytestconfig: pytest.Config
) -> None:
    """Of the plans themselves it shows those of the day it was written: servers differ."""
    if pytestconfig.getoption("--write-plans"):
        PLANS_PAGE.write_text(render_plans(days["settled"], READS_MUCH, SELDOM), "utf-8")
    assert queries_on_page(PLANS_PAGE.read_text("utf-8")) == {str(each.site) for each in days["settled"]}, (
        "write it again: make plans"
    )
