"""Records that are not found: deleted, hidden, or missing in masses; on a real database."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.repository import AlarmName
from service.budget.lanes import Limit
from service.changes.decision import Recheck
from service.pipeline.accepting import accept
from tests.fixtures.database import Database
from tests.fixtures.pipeline import ACCOUNT, APP, Pipeline
from tests.fixtures.protocol_time import MovableDatabase
from tests.fixtures.tiers import Scale

SUBJECT = f"{ACCOUNT}/{APP}"
AT_ONCE_BUT_HELD = Recheck(
    soon=timedelta(0), later=timedelta(0), first_rest=timedelta(0), held=timedelta(minutes=5)
)


@pytest.fixture
def pipeline(engine: AsyncEngine, database: Database) -> Pipeline:
    return Pipeline(engine, database, rules=[], recheck=AT_ONCE_BUT_HELD)


def know(pipeline: Pipeline, count: int) -> list[str]:
    """Let the provider have records, and let all of them be known."""
    ids = [f"r{number:05}" for number in range(count)]
    pipeline.provider.truth = {one: {"id": one, "rev": 1} for one in ids}
    pipeline.database.execute(
        "INSERT INTO records (account, app_id, record_id, state, version, seen, seen_at, fields)"
        " SELECT %s, %s, id, 'live', 1, nextval('sight'), now() - interval '1 day',"
        " jsonb_build_object('id', id, 'rev', 1) FROM unnest(%s::text[]) AS id",
        (ACCOUNT, APP, ids),
    )
    return ids


def deliver(pipeline: Pipeline, ids: Sequence[str], kind: str = "update") -> None:
    """Commit a delivery for each, as the receiver does."""
    pipeline.database.execute(
        "INSERT INTO deliveries (registration_id, account, app_id, kind, record_id, request_id, body)"
        " SELECT gen_random_uuid(), %s, %s, %s, id, gen_random_uuid(), '{}' FROM unnest(%s::text[]) AS id",
        (ACCOUNT, APP, kind, list(ids)),
    )


def states(database: Database) -> dict[str, int]:
    return dict(database.execute("SELECT state, count(*) FROM records GROUP BY state"))


def alarms(database: Database) -> list[tuple[object, ...]]:
    return database.execute(
        "SELECT name, subject, cleared_at IS NOT NULL FROM alarms WHERE name = 'deletions_held' ORDER BY id"
    )


def unsettled(database: Database) -> int:
    ((count,),) = database.execute("SELECT count(*) FROM deliveries WHERE status <> 'settled'")
    return int(count)


def let_pass(database: Database, minutes: int) -> None:
    """Let time pass for what waits, by moving all of it back."""
    database.execute("UPDATE deliveries SET due_at = due_at - make_interval(mins => %s)", (minutes,))
    database.execute(
        "UPDATE records SET seen_at = seen_at - make_interval(mins => %s),"
        " missing_since = missing_since - make_interval(mins => %s)",
        (minutes, minutes),
    )
    database.execute(
        "UPDATE slots SET next_at = next_at - make_interval(mins => %s),"
        " deletions_held_at = deletions_held_at - make_interval(mins => %s)",
        (minutes, minutes),
    )


async def test_ten_thousand_announced_deletes_cost_at_most_a_hundred_calls(
    pipeline: Pipeline, database: Database, scale: Scale
) -> None:
    count = scale.pick(small=2_000, full=10_000)
    ids = know(pipeline, count)
    pipeline.provider.truth = {}
    deliver(pipeline, ids, "delete")
    await pipeline.drain()
    assert states(database) == {"deleted": count}
    assert len(pipeline.provider.asked) <= count // 100
    assert (alarms(database), unsettled(database)) == ([], 0)
    assert database.execute("SELECT count(*) FROM records WHERE missing_since IS NOT NULL") == [(0,)]


async def test_a_lost_role_deletes_nothing_and_costs_little(pipeline: Pipeline, database: Database) -> None:
    ids = know(pipeline, 600)
    pipeline.provider.hidden = set(ids)
    deliver(pipeline, ids)
    await pipeline.drain()
    assert states(database) == {"live": 600}
    assert alarms(database) == [("deletions_held", SUBJECT, False)]
    spent = len(pipeline.provider.asked)
    assert spent <= 6, "batches of 50, 100, 200, …"
    for _ in range(24):  # two hours
        let_pass(database, 5)
        await pipeline.drain()
    assert len(pipeline.provider.asked) - spent <= 2 * 24
    assert all(len(ids) > 1 for ids in pipeline.provider.asked), "none was asked for alone"
    assert states(database) == {"live": 600}
    assert alarms(database) == [("deletions_held", SUBJECT, False)]


async def test_a_role_that_is_given_back_ends_it_by_itself(pipeline: Pipeline, database: Database) -> None:
    ids = know(pipeline, 1000)
    pipeline.provider.hidden = set(ids)
    deliver(pipeline, ids)
    await pipeline.drain()
    pipeline.provider.hidden = set()
    pipeline.provider.truth[ids[7]] = {"id": ids[7], "rev": 2}
    spent = len(pipeline.provider.asked)
    for _ in range(6):
        let_pass(database, 5)
        await pipeline.drain()
    assert (states(database), unsettled(database)) == ({"live": 1000}, 0)
    assert len(pipeline.provider.asked) - spent <= 8
    assert alarms(database) == [("deletions_held", SUBJECT, True)]
    assert database.execute("SELECT record_id FROM changes") == [(ids[7],)]
    assert database.execute("SELECT count(*) FROM records WHERE missing_since IS NOT NULL") == [(0,)]
    assert database.execute("SELECT deletions_held_at FROM slots") == [(None,)]


async def test_a_person_may_say_that_they_are_deleted(
    pipeline: Pipeline, database: Database, engine: AsyncEngine
) -> None:
    ids = know(pipeline, 600)
    gone = ids[:400]
    for one in gone:
        del pipeline.provider.truth[one]
    deliver(pipeline, ids)
    await pipeline.drain()
    spent = len(pipeline.provider.asked)
    await accept(engine, AlarmName.DELETIONS_HELD, SUBJECT)
    await pipeline.drain()
    assert (states(database), unsettled(database)) == ({"live": 200, "deleted": 400}, 0)
    assert len(pipeline.provider.asked) - spent <= 3
    assert alarms(database) == [("deletions_held", SUBJECT, True)]
    del pipeline.provider.truth[ids[500]]
    deliver(pipeline, ids[500:501])
    let_pass(database, 1)
    await pipeline.drain()
    assert len(alarms(database)) == 1, "what was accepted does not count again"
    assert states(database) == {"live": 199, "deleted": 401}


async def test_an_announced_delete_is_never_held(pipeline: Pipeline, database: Database) -> None:
    ids = know(pipeline, 100)
    pipeline.provider.truth = {}
    deliver(pipeline, ids)
    await pipeline.drain()
    assert states(database) == {"live": 100}
    deliver(pipeline, ids, "delete")
    await pipeline.drain()
    assert states(database) == {"deleted": 100}
    let_pass(database, 5)
    await pipeline.drain()
    assert unsettled(database) == 0
    assert database.execute("SELECT deletions_held_at FROM slots") == [(None,)]


async def test_a_few_missing_records_are_confirmed_one_by_one(pipeline: Pipeline, database: Database) -> None:
    ids = know(pipeline, 30)
    for one in ids[:20]:
        del pipeline.provider.truth[one]
    deliver(pipeline, ids)
    await pipeline.drain()
    assert (states(database), unsettled(database)) == ({"live": 10, "deleted": 20}, 0)
    assert [len(asked) for asked in pipeline.provider.asked].count(1) == 20
    assert alarms(database) == []
    assert database.execute("SELECT lane, count(*) FROM calls GROUP BY lane ORDER BY lane") == [
        ("confirm", 20),
        ("settle", 3),
    ]


async def test_records_count_as_missing_only_until_they_are_found(
    pipeline: Pipeline, database: Database
) -> None:
    ids = know(pipeline, 100)
    for _ in range(3):
        pipeline.provider.hidden = set(ids[:15])
        deliver(pipeline, ids[:15])
        await pipeline.settler(pipeline.process()).settle(ACCOUNT, APP)
        pipeline.provider.hidden = set()
        await pipeline.drain()
    assert (alarms(database), states(database), unsettled(database)) == ([], {"live": 100}, 0)


async def test_records_rest_the_longer_the_more_often_they_are_looked_at(
    engine: AsyncEngine, database: Database
) -> None:
    recheck = Recheck(soon=timedelta(0), later=timedelta(0), first_rest=timedelta(seconds=1))
    pipeline = Pipeline(engine, database, rules=[], recheck=recheck, limit=Limit(500, timedelta(hours=1)))
    settler = pipeline.settler(pipeline.process())
    rests = []
    for revision in range(5):
        pipeline.provider.truth = {"hot": {"id": "hot", "rev": revision}}
        pipeline.deliver("hot")
        database.execute("UPDATE deliveries SET due_at = now()")
        database.execute("UPDATE slots SET next_at = now()")
        await settler.settle(ACCOUNT, APP)
        ((rest, in_row),) = database.execute(
            "SELECT round(extract(epoch FROM rest_until - seen_at)), looks_in_row FROM records"
        )
        rests.append((int(rest), in_row))
        database.execute("UPDATE records SET rest_until = now(), seen_at = now() - interval '1 second'")
    assert rests == [(1, 0), (4, 1), (16, 2), (64, 3), (64, 4)], "at most 8 even gaps of 450 calls an hour"


async def test_hints_that_are_due_at_different_moments_do_not_wait_for_each_other(
    engine: AsyncEngine, database: Database
) -> None:
    recheck = Recheck(soon=timedelta(seconds=5), later=timedelta(seconds=30), first_rest=timedelta(0))
    with closing(MovableDatabase(database.url)) as movable:
        pipeline = Pipeline(engine, movable, rules=[], recheck=recheck)
        (record_id,) = know(pipeline, 1)
        pipeline.provider.truth.clear()
        deliver(pipeline, [record_id])
        await pipeline.drain()
        movable.move_on(3)
        deliver(pipeline, [record_id])
        for _ in range(20):
            await pipeline.drain()
            movable.move_on(2.5)
            await pipeline.drain()
            movable.move_on(2.5)
        assert states(database) == {"deleted": 1}
        assert unsettled(database) == 0
        assert len(pipeline.provider.asked) <= 8
