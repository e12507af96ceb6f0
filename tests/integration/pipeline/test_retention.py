"""What retention forgets, and above all what it does not."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.engine import open_engine
from service.lifecycle import DeliveryStatus, RunStatus
from service.pipeline.retention import Retention
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until

DELIVERIES, CHANGES = timedelta(days=7), timedelta(days=30)


class World:
    """Rows of a given age, and what is left of them."""

    def __init__(self, database: Database, engine: AsyncEngine) -> None:
        self._database, self._engine = database, engine

    def delivery(
        self, age: str, *, status: str = "settled", request: UUID | None = None, position: int = 0
    ) -> int:
        """Insert a delivery; `age` is since it was settled, and it was received an hour before."""
        ((row_id,),) = self._database.execute(
            "INSERT INTO deliveries (registration_id, account, app_id, record_id, request_id, position, body,"
            " received_at, status, settled_at) VALUES (%s, 'main', 'app', 'r', %s, %s, %s,"
            " now() - %s::interval - interval '1 h', %s,"
            " CASE WHEN %s = 'settled' THEN now() - %s::interval END) RETURNING id",
            [
                uuid4(),
                request or uuid4(),
                position,
                None if position else b"[]",
                age,
                status,
                status,
                age,
            ],
        )
        return int(row_id)

    def change(self, age: str, *statuses: str, record: str = "r") -> UUID:
        """Insert a change with one run for each status, each with an attempt."""
        change_id = uuid4()
        self._database.execute(
            "INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, sight, rules_digest,"
            " created_at) SELECT %s, 'main', 'app', %s, count(*) + 1, 'update', 'webhook', 1, '',"
            " now() - %s::interval FROM changes",
            [change_id, record, age],
        )
        for number, status in enumerate(statuses):
            self.run(change_id, status, record=record, handler=f"h{number}")
        return change_id

    def run(self, change_id: UUID, status: str, *, record: str = "r", handler: str = "h") -> None:
        run_id = uuid4()
        self._database.execute(
            "INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status)"
            " VALUES (%s, %s, 'main', 'app', %s, 'rule', %s, %s)",
            [run_id, change_id, record, handler, status],
        )
        self._database.execute(
            "INSERT INTO attempts (run_id, number, token, process_id, detail) VALUES (%s, 1, %s, %s, %s)",
            [run_id, uuid4(), uuid4(), json.dumps({})],
        )

    def left(self, table: str) -> list[object]:
        return sorted((row[0] for row in self._database.execute(f"SELECT id FROM {table}")), key=str)

    async def forget(self, batch: int = 1000, *, rules_digest: str = "") -> None:
        await Retention(
            self._engine, deliveries=DELIVERIES, changes=CHANGES, rules_digest=rules_digest, batch=batch
        ).forget()


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    engine = open_engine(database.url, name="test")
    yield World(database, engine)
    await engine.dispose()


async def test_settled_deliveries_go_when_they_are_old(world: World) -> None:
    world.delivery("8 days")
    young = world.delivery("6 days")
    await world.forget()
    assert world.left("deliveries") == [young]


@pytest.mark.parametrize("status", sorted(set(DeliveryStatus) - {DeliveryStatus.SETTLED}))
async def test_other_deliveries_stay_for_ever(world: World, status: DeliveryStatus) -> None:
    unfinished = world.delivery("900 days", status=status)
    await world.forget()
    assert world.left("deliveries") == [unfinished]


@pytest.mark.parametrize("sibling", ["pending", "recheck", "dead", "settled"])
async def test_a_body_stays_while_another_delivery_of_its_request_does(world: World, sibling: str) -> None:
    request = uuid4()
    body = world.delivery("8 days", request=request)
    world.delivery("8 days", request=request, position=1)
    kept = world.delivery("1 day", status=sibling, request=request, position=2)
    await world.forget()
    assert world.left("deliveries") == [body, kept]


async def test_a_whole_old_request_goes_also_when_batches_cut_it(world: World) -> None:
    request = uuid4()
    for position in range(5):
        world.delivery("8 days", request=request, position=position)
    await world.forget(batch=2)
    assert world.left("deliveries") == []


async def test_every_batch_is_looked_at_past_what_stays(world: World) -> None:
    stay = [world.delivery("9 days", status="dead") for _ in range(5)]
    for _ in range(5):
        world.delivery("8 days")
    await world.forget(batch=2)
    assert world.left("deliveries") == stay


async def test_changes_go_with_their_runs_and_attempts(world: World) -> None:
    world.change("31 days", "done", "discarded")
    world.change("31 days")
    young = world.change("29 days", "done")
    await world.forget(batch=1)
    assert world.left("changes") == [young]
    assert len(world.left("runs")) == len(world.left("attempts")) == 1


@pytest.mark.parametrize(
    "status", sorted(set(RunStatus) - {RunStatus.DONE, RunStatus.DISCARDED, RunStatus.SKIPPED})
)
async def test_a_change_with_an_unfinished_or_dead_run_stays_whole(world: World, status: RunStatus) -> None:
    change = world.change("900 days", "done", status)
    await world.forget()
    assert world.left("changes") == [change]
    assert len(world.left("runs")) == 2


async def test_a_dead_run_keeps_the_later_changes_of_its_record(world: World) -> None:
    """Its retry must find that a later run is finished, and be refused."""
    dead, later = world.change("40 days", "dead"), world.change("35 days", "done")
    world.change("35 days", "done", record="another")
    await world.forget()
    assert set(world.left("changes")) == {dead, later}


async def test_a_run_added_while_retention_waits_keeps_its_change(world: World, database: Database) -> None:
    """A replay holds the change while it adds its run; what is decided before it commits would be wrong."""
    change = world.change("31 days", "done")
    engine = open_engine(database.url, name="replay")
    async with engine.begin() as replay:
        await replay.exec_driver_sql(
            "INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status, replay)"
            " VALUES (%s, %s, 'main', 'app', 'r', 'rule', 'h0', 'ready', 1)",
            (uuid4(), change),
        )
        forgetting = asyncio.create_task(world.forget())
        await asyncio.to_thread(wait_for_lock, database)
    await forgetting
    await engine.dispose()
    assert world.left("changes") == [change]
    assert len(world.left("runs")) == 2


def wait_for_lock(database: Database) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    wait_until(lambda: database.execute(waiting), what="retention waits for the replay")


async def test_small_tables_are_kept_small(world: World, database: Database) -> None:
    database.execute(
        "INSERT INTO alarms (name, subject, message, cleared_at) VALUES"
        " ('a', 'old', '', now() - interval '31 d'), ('a', 'recent', '', now() - interval '29 d'),"
        " ('a', 'lasting', '', NULL)"
    )
    database.execute("UPDATE alarms SET raised_at = now() - interval '1 year', untold = false")
    database.execute(
        "INSERT INTO calls (account, lane, endpoint, counts_until) VALUES"
        " ('main', 'settle', 'old', now() - interval '25 h'), ('main', 'settle', 'recent', now())"
    )
    await world.forget(batch=1)
    assert database.execute("SELECT subject FROM alarms ORDER BY id") == [("recent",), ("lasting",)]
    assert database.execute("SELECT endpoint FROM calls") == [("recent",)]


async def test_captures_go_a_day_after_they_are_over_with_their_requests(
    world: World, database: Database
) -> None:
    database.execute(
        "INSERT INTO captures (key, expires_at, \"left\") VALUES ('old', now() - interval '25 h', 1),"
        " ('recent', now() - interval '23 h', 1), ('open', now() + interval '1 h', 1)"
    )
    database.execute(
        "INSERT INTO captured_requests (key, method, query, headers, body, length, reading)"
        " SELECT key, 'POST', '', '[]', '', 0, '{}' FROM captures, generate_series(1, 3)"
    )
    await world.forget(batch=1)
    left = "SELECT key, count(*) FROM captures JOIN captured_requests USING (key) GROUP BY key ORDER BY key"
    assert database.execute(left) == [("open", 3), ("recent", 3)]


async def test_linked_records_are_kept_a_day_and_what_runs_wait_for_as_long_as_its_change(
    world: World, database: Database
) -> None:
    database.execute(
        "INSERT INTO linked_records (account, app_id, record_id, seen_at) VALUES"
        " ('main', 'a', 'old', now() - interval '25 h'), ('main', 'a', 'recent', now() - interval '23 h')"
    )
    old, recent = world.change(age="31 d"), world.change(age="29 d")
    for change in (old, recent):
        database.execute(
            "INSERT INTO expansions (change_id, rule, account, paths) VALUES (%s, 'r', 'main', '{client}')",
            [change],
        )
    await world.forget()
    assert database.execute("SELECT record_id FROM linked_records") == [("recent",)]
    assert database.execute("SELECT change_id FROM expansions") == [(recent,)]


async def test_rules_go_when_no_change_names_them_any_more(world: World, database: Database) -> None:
    for digest, age in (("named", "40 d"), ("forgotten", "40 d"), ("recent", "29 d"), ("in use", "40 d")):
        database.execute(
            "INSERT INTO rulebooks (digest, rules, timezones, loaded_at)"
            " VALUES (%s, '[]', '{}', now() - %s::interval)",
            [digest, age],
        )
    change = world.change("29 d")
    database.execute("UPDATE changes SET rules_digest = 'named' WHERE id = %s", [change])
    await world.forget(rules_digest="in use")
    left = database.execute("SELECT digest FROM rulebooks ORDER BY digest")
    assert left == [("in use",), ("named",), ("recent",)]


async def test_a_young_server_forgets_no_process(world: World, database: Database) -> None:
    """It may have been away for longer than a day: nobody could beat."""
    database.execute(
        "INSERT INTO processes (id, kind, host, pid, beat_at)"
        " VALUES (%s, 'web', '', 0, now() - interval '2 d')",
        [uuid4()],
    )
    await world.forget()
    assert len(world.left("processes")) == 1
