"""A person's acts on runs: retry keeps the order of a record's runs, discard lets the next one go."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.db.driver import driver_of
from service.db.engine import open_engine
from service.errors import NotFoundError, RefusedError, RelayError
from service.handlers.claims import ClaimedRun, Claiming, claim_runs
from service.handlers.marking import Mark, mark_run
from service.lifecycle import RUN_FINISHED, AttemptOutcome, RunStatus
from service.pipeline.running.runs import discard, retry
from tests.fixtures.database import Database
from tests.fixtures.rows import Rows

READY, RUNNING, WAITING = RunStatus.READY, RunStatus.RUNNING, RunStatus.WAITING
DONE, DEAD, DISCARDED = RunStatus.DONE, RunStatus.DEAD, RunStatus.DISCARDED


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


async def claim_one(connection: AsyncConnection) -> ClaimedRun | None:
    claim = await claim_runs(
        await driver_of(connection), Claiming("ops", 1), most=1, token=uuid4(), holder=uuid4()
    )
    return claim.runs[0][0] if claim.runs else None


async def test_a_dead_run_is_ready_again_with_its_whole_retry_list(
    engine: AsyncEngine, rows: Rows, database: Database
) -> None:
    run = rows.run(DEAD, attempts=9)
    assert await retry(engine, run) is READY
    assert database.execute(
        "SELECT status, attempts, finished_at, next_at <= clock_timestamp() FROM runs WHERE id = %s", (run,)
    ) == [("ready", 0, None, True)]


async def test_its_tries_go_on_counting(engine: AsyncEngine, rows: Rows, database: Database) -> None:
    run = rows.run(RUNNING, attempts=1)
    for number in (2, 3):
        database.execute("UPDATE runs SET status = 'dead', token = NULL")
        await retry(engine, run)
        async with engine.begin() as connection:
            claimed = await claim_one(connection)
        assert claimed is not None
        assert (claimed.number, claimed.attempts) == (number, 1)


@pytest.mark.parametrize("status", set(RunStatus) - {DEAD})
async def test_only_dead_runs_are_retried(engine: AsyncEngine, rows: Rows, status: RunStatus) -> None:
    run = rows.run(status)
    with pytest.raises(RefusedError, match=f"is {status}"):
        await retry(engine, run)
    assert rows.status(run) == status


@pytest.mark.parametrize("later", [*sorted(RUN_FINISHED - {RunStatus.SKIPPED}), RUNNING])
async def test_refused_after_a_later_run(engine: AsyncEngine, rows: Rows, later: RunStatus) -> None:
    run, other = rows.run(DEAD), rows.run(later)
    with pytest.raises(RefusedError, match=f"{other}.*--out-of-order"):
        await retry(engine, run)
    assert rows.status(run) == DEAD
    expected = WAITING if later is RUNNING else READY
    assert await retry(engine, run, out_of_order=True) is expected
    assert rows.status(other) == later


async def test_earlier_runs_and_strangers_refuse_nothing(engine: AsyncEngine, rows: Rows) -> None:
    rows.run(DONE)
    run = rows.run(DEAD)
    rows.run(DONE, record="r2")
    rows.run(DONE, handler="mirror")
    rows.run(RunStatus.SKIPPED)  # its handler was never called
    assert await retry(engine, run) is READY


async def test_waits_for_an_earlier_one(engine: AsyncEngine, rows: Rows) -> None:
    rows.run(READY)
    run = rows.run(DEAD)
    assert await retry(engine, run) is WAITING


async def test_a_later_one_that_was_next_waits(engine: AsyncEngine, rows: Rows) -> None:
    run, following, last = rows.run(DEAD), rows.run(READY), rows.run(WAITING)
    assert await retry(engine, run) is READY
    assert [rows.status(each) for each in (run, following, last)] == [READY, WAITING, WAITING]


async def test_without_order_nothing_is_refused_or_held_back(engine: AsyncEngine, rows: Rows) -> None:
    run = rows.run(DEAD, ordered=False)
    rows.run(DONE, ordered=False)
    other = rows.run(READY, ordered=False)
    assert await retry(engine, run) is READY
    assert rows.status(other) == READY


async def test_unknown_runs_are_not_found(engine: AsyncEngine) -> None:
    for act in (retry, discard):
        with pytest.raises(NotFoundError, match="there is no run"):
            await act(engine, uuid4())


@pytest.mark.parametrize("status", [DEAD, READY, WAITING, RunStatus.PENDING_LINKS])
async def test_discarded_is_finished(
    engine: AsyncEngine, rows: Rows, database: Database, status: RunStatus
) -> None:
    run = rows.run(status)
    await discard(engine, run)
    assert database.execute("SELECT status, finished_at IS NULL FROM runs") == [("discarded", False)]


@pytest.mark.parametrize("status", [DONE, DISCARDED])
async def test_finished_for_good_is_refused(engine: AsyncEngine, rows: Rows, status: RunStatus) -> None:
    with pytest.raises(RefusedError, match="nothing left to discard"):
        await discard(engine, rows.run(status))


async def test_discarding_the_head_lets_the_next_go(engine: AsyncEngine, rows: Rows) -> None:
    head, following, last = rows.run(READY), rows.run(WAITING), rows.run(WAITING)
    await discard(engine, head)
    assert [rows.status(each) for each in (head, following, last)] == [DISCARDED, READY, WAITING]


async def test_discarding_one_that_waits_promotes_nothing(engine: AsyncEngine, rows: Rows) -> None:
    head, middle, last = rows.run(READY), rows.run(WAITING), rows.run(WAITING)
    await discard(engine, middle)
    assert [rows.status(each) for each in (head, middle, last)] == [READY, DISCARDED, WAITING]


async def test_discarded_while_it_runs_stores_no_result(
    engine: AsyncEngine, rows: Rows, database: Database
) -> None:
    run, following = rows.run(READY), rows.run(WAITING)
    async with engine.begin() as connection:
        claimed = await claim_one(connection)
    assert claimed is not None
    await discard(engine, run)
    assert database.execute("SELECT outcome, finished_at IS NULL FROM attempts") == [("lost", False)]
    async with engine.begin() as connection:
        assert not await mark_run(await driver_of(connection), claimed, Mark(AttemptOutcome.DONE, DONE))
        await connection.rollback()
    assert (rows.status(run), rows.status(following)) == (DISCARDED, READY)


async def test_acts_at_once_keep_one_under_way(engine: AsyncEngine, rows: Rows, database: Database) -> None:
    runs = [rows.run(DEAD) for _ in range(6)]
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(retry(engine, run, out_of_order=True))
    assert _under_way(database) == 1
    assert rows.status(runs[0]) == READY


def _under_way(database: Database) -> int:
    ((count,),) = database.execute("SELECT count(*) FROM runs WHERE status IN ('ready', 'running')")
    return int(count)


ACTS = st.lists(
    st.tuples(st.sampled_from(["retry", "force", "discard", "claim", "done", "dead"]), st.integers(0, 4)),
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=timedelta(seconds=30),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
async def test_any_acts_keep_one_under_way_and_none_forgotten(
    database: Database, acts: list[tuple[str, int]]
) -> None:
    database.execute("TRUNCATE runs, changes, records, attempts RESTART IDENTITY CASCADE")
    rows = Rows(database)
    runs = [rows.run(READY), *(rows.run(WAITING) for _ in range(4))]
    engine = open_engine(database.url, name="test")
    try:
        for act, index in acts:
            await _act(engine, act, runs[index])
            statuses = [rows.status(run) for run in runs]
            assert sum(status in {READY, RUNNING} for status in statuses) <= 1
            if WAITING in statuses:
                assert any(status in {READY, RUNNING} for status in statuses)
    finally:
        await engine.dispose()


async def _act(engine: AsyncEngine, act: str, run: UUID) -> None:
    """Do one thing as the relay or a person would; what is refused is no matter."""
    try:
        if act in {"retry", "force"}:
            await retry(engine, run, out_of_order=act == "force")
        elif act == "discard":
            await discard(engine, run)
        else:
            async with engine.begin() as connection:
                claimed = await claim_one(connection)
            if claimed is not None and act != "claim":
                outcome = AttemptOutcome.DONE if act == "done" else AttemptOutcome.FAILED
                async with engine.begin() as connection:
                    await mark_run(
                        await driver_of(connection), claimed, Mark(outcome, DONE if act == "done" else DEAD)
                    )
    except RelayError:
        pass
