"""Many runs are retried or discarded by a filter: counted before, and each record's in their order."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.handlers.filtering import RunFilter
from service.lifecycle import RunStatus
from service.pipeline.running.bulk import REASONS_AT_MOST, count, discard_all, retry_all
from tests.fixtures.database import Database
from tests.fixtures.pipeline import Pipeline, bound
from tests.fixtures.rows import Rows

DEAD, DONE, READY, WAITING = RunStatus.DEAD, RunStatus.DONE, RunStatus.READY, RunStatus.WAITING
ALL_DEAD = RunFilter(status=DEAD)


def ignore(_done: int, _of: int) -> None:
    """Watch no progress."""


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


async def test_the_dead_runs_of_a_record_go_in_their_order(
    engine: AsyncEngine, database: Database, rows: Rows
) -> None:
    first, second = rows.run(DEAD, record="a"), rows.run(DEAD, record="a")
    other = rows.run(DEAD, record="b")
    behind = rows.run(READY, record="a")
    told: list[tuple[int, int]] = []
    bulk = await retry_all(engine, ALL_DEAD, on_progress=lambda done, of: told.append((done, of)))
    assert (bulk.done, bulk.refused, told) == (3, 0, [(2, 3), (3, 3)])
    assert [rows.status(each) for each in (first, second, behind, other)] == [READY, WAITING, WAITING, READY]
    done: list[str] = []

    async def note(_change: object, context: object) -> None:
        done.append(str(context.run_id))  # type: ignore[attr-defined]

    await Pipeline(engine, database, handlers=[bound(note)]).drain()
    assert [each for each in done if each != str(other)] == [str(first), str(second), str(behind)]


async def test_each_handlers_runs_of_a_record_go_by_themselves(engine: AsyncEngine, rows: Rows) -> None:
    """In a transaction of their own, so that no long one holds up whoever waits for the record."""
    for handler in ("ops", "other", "ops", "other"):
        rows.run(DEAD, record="a", handler=handler)
    told: list[tuple[int, int]] = []
    await discard_all(engine, ALL_DEAD, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(2, 4), (4, 4)]


async def test_one_that_is_refused_stops_no_other(engine: AsyncEngine, rows: Rows) -> None:
    overtaken = [rows.run(DEAD, record=f"r{number}") for number in range(REASONS_AT_MOST + 2)]
    for number in range(len(overtaken)):
        rows.run(DONE, record=f"r{number}")
    free = rows.run(DEAD, record="free")
    told: list[tuple[int, int]] = []
    bulk = await retry_all(engine, ALL_DEAD, on_progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (len(overtaken) + 1, len(overtaken) + 1), "those that are refused are done with, too"
    assert (bulk.done, bulk.refused, len(bulk.reasons)) == (1, len(overtaken), REASONS_AT_MOST)
    assert len(set(bulk.reasons)) == REASONS_AT_MOST
    assert "--out-of-order" in bulk.reasons[0]
    assert rows.status(free) == READY
    bulk = await retry_all(engine, ALL_DEAD, out_of_order=True, on_progress=ignore)
    assert (bulk.done, bulk.refused) == (len(overtaken), 0)


async def test_filters_mean_what_they_say(engine: AsyncEngine, database: Database, rows: Rows) -> None:
    old, loud, other = rows.run(DEAD, record="a"), rows.run(DEAD, record="b"), rows.run(DEAD, handler="other")
    database.execute("UPDATE runs SET created_at = now() - interval '2 days' WHERE id = %s", (old,))
    database.execute("UPDATE runs SET error = 'HTTP 503: Busy' WHERE id = %s", (loud,))
    database.execute("UPDATE runs SET account = 'second', app_id = 'iother' WHERE id = %s", (other,))
    ((change_id,),) = database.execute("SELECT change_id FROM runs WHERE id = %s", (loud,))
    assert await count(engine, ALL_DEAD) == {"ops": 2, "other": 1}
    for wanted, number in (
        (RunFilter(status=DEAD, since=timedelta(days=1)), 2),
        (RunFilter(status=DEAD, since=datetime(2020, 1, 1, tzinfo=UTC)), 3),
        (RunFilter(status=DEAD, until=timedelta(days=1)), 1),
        (RunFilter(status=DEAD, until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
        (RunFilter(status=DEAD, error_contains="busy"), 1),
        (RunFilter(status=DEAD, error_contains="BUSY"), 1),
        (RunFilter(status=DEAD, error_contains="b_sy"), 0),
        (RunFilter(change_id=change_id), 1),
        (RunFilter(status=DEAD, account="main"), 2),
        (RunFilter(status=DEAD, app_ids=["iother"]), 1),
        (RunFilter(status=DEAD, app_ids=["iother", "ia4f42"]), 3),
        (RunFilter(status=DEAD, app_ids=[]), 0),
        (RunFilter(status=DEAD, handler="other"), 1),
        (RunFilter(status=DEAD, record_id="a"), 1),
        (RunFilter(status=DEAD, rule="urgent", account="main", app_ids=["ia4f42"]), 2),
        (RunFilter(status=DEAD, rule="nobody"), 0),
        (RunFilter(status=READY), 0),
    ):
        assert sum((await count(engine, wanted)).values()) == number, wanted
    bulk = await discard_all(engine, RunFilter(status=DEAD, error_contains="busy"), on_progress=ignore)
    assert (bulk.done, bulk.refused) == (1, 0)
    assert [rows.status(each) for each in (old, loud, other)] == [DEAD, RunStatus.DISCARDED, DEAD]


async def test_waiting_ones_are_given_up_too_and_the_next_go_ahead(engine: AsyncEngine, rows: Rows) -> None:
    first, second, third = rows.run(READY), rows.run(WAITING), rows.run(WAITING, record="other")
    bulk = await discard_all(engine, RunFilter(status=READY), on_progress=ignore)
    assert bulk.done == 1
    assert [rows.status(each) for each in (first, second)] == [RunStatus.DISCARDED, READY]
    assert rows.status(third) == WAITING
