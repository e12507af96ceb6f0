"""A beat that ends a time without any: everything is reconciled at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.db.processes import Heartbeat, Silence
from service.reconciles.outage import reconcile_at_once
from tests.fixtures.database import Database
from tests.fixtures.waiting import wait_until

LOST_AFTER = timedelta(seconds=15)


@pytest.fixture
def database_with_rounds(database: Database) -> Database:
    database.execute(
        "INSERT INTO reconciles (account, app_id, next_at) VALUES ('main', 'a', now() + interval '1 hour')"
    )
    database.execute(
        "INSERT INTO ticks (name, key, every, next_at)"
        " SELECT name, 'main', '1 h', now() + interval '1 hour'"
        " FROM unnest(ARRAY['reconcile', 'drift']) AS name"
    )
    return database


@pytest.fixture
def now() -> list[float]:
    """What the clock of the machine shows, in seconds."""
    return [1000.0]


@pytest.fixture
def beating(database_with_rounds: Database, now: list[float]) -> Iterator[Heartbeat]:
    heartbeat = Heartbeat(
        database_with_rounds.url,
        "web",
        every=timedelta(milliseconds=20),
        silence=Silence(LOST_AFTER, reconcile_at_once),
        clock=lambda: now[0],
    )
    yield heartbeat
    heartbeat.stop()


def due(database: Database) -> list[str]:
    return [
        name
        for (name,) in database.execute(
            "SELECT app_id FROM reconciles WHERE next_at <= now()"
            " UNION ALL SELECT name FROM ticks WHERE next_at <= now()"
        )
    ]


def other(database: Database, kind: str, *, silent_for: str) -> None:
    database.execute(
        "INSERT INTO processes (id, kind, host, pid, beat_at)"
        " VALUES (gen_random_uuid(), %s, '', 0, now() - %s::interval)",
        (kind, silent_for),
    )


@pytest.mark.parametrize(("kind", "silent_for"), [("job", "0 s"), ("web", "16 s")])
def test_a_start_where_nobody_received_reconciles_at_once(
    database_with_rounds: Database, beating: Heartbeat, kind: str, silent_for: str
) -> None:
    other(database_with_rounds, kind, silent_for=silent_for)
    beating.start()
    assert sorted(due(database_with_rounds)) == ["a", "reconcile"]


def test_a_start_beside_another_that_receives_does_not(
    database_with_rounds: Database, beating: Heartbeat
) -> None:
    other(database_with_rounds, "web", silent_for="10 s")
    beating.start()
    assert due(database_with_rounds) == []


def test_a_beat_after_a_long_time_without_any_does(
    database_with_rounds: Database, beating: Heartbeat, now: list[float]
) -> None:
    other(database_with_rounds, "web", silent_for="10 s")
    beating.start()
    database_with_rounds.execute("DELETE FROM processes WHERE kind = 'web' AND pid = 0")
    # The machine slept: no beat of ours either, as far as the row tells.
    database_with_rounds.execute(
        "CREATE FUNCTION sleeping() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.beat_at := now() - interval '1 hour'; RETURN NEW; END $$;"
        "CREATE TRIGGER sleeping BEFORE UPDATE ON processes FOR EACH ROW EXECUTE FUNCTION sleeping()"
    )
    wait_until(
        lambda: database_with_rounds.execute(
            "SELECT 1 FROM processes WHERE beat_at < now() - interval '16 s'"
        )
    )
    assert due(database_with_rounds) == []
    now[0] += 20
    wait_until(lambda: sorted(due(database_with_rounds)) == ["a", "reconcile"])
