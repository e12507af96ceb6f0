"""No 2xx before the commit, and none without it, whatever happens to the database's connections."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import psycopg
import pytest

from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import (
    HEADER,
    SECRET,
    RunningReceiver,
    register,
    running_receiver,
    stored,
    stream_deliveries,
)
from tests.fixtures.waiting import wait_until

SHORT = timedelta(milliseconds=500)
CONSTRAINT = "ALTER TABLE deliveries ADD CONSTRAINT no_poison CHECK (record_id <> 'poison')"
TRIGGER = """
    CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF new.record_id = 'poison' THEN RAISE EXCEPTION 'no'; END IF; RETURN new; END $$;
    CREATE TRIGGER refuse_poison BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse_poison()"""
Deliver = Callable[..., Future[httpx2.Response]]


@pytest.fixture
def side_by_side(receiver: RunningReceiver) -> Iterator[Deliver]:
    """Send a delivery in another thread, on a connection of its own."""
    with ThreadPoolExecutor(20) as pool:
        yield lambda content: pool.submit(receiver.deliver, content)


@contextmanager
def locked_deliveries(database: Database) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Let no INSERT of deliveries end before the block does."""
    with psycopg.connect(database.url) as connection:
        connection.execute("LOCK TABLE deliveries IN SHARE MODE")
        yield connection


def waiting_inserts(database: Database) -> int:
    query = "SELECT count(*) FROM pg_locks JOIN pg_class ON oid = relation WHERE relname = %s AND NOT granted"
    return int(database.execute(query, ["deliveries"])[0][0])


def test_nothing_is_answered_before_the_commit(side_by_side: Deliver, database: Database) -> None:
    with locked_deliveries(database):
        sent = [side_by_side({"id": f"r{number}"}) for number in range(10)]
        wait_until(lambda: waiting_inserts(database) >= 1)
        assert not any(each.done() for each in sent)
    assert [each.result().status_code for each in sent] == [202] * 10
    assert sorted(stored(database)) == [f"r{number}" for number in range(10)]


def test_requests_that_wait_share_the_next_commit(side_by_side: Deliver, database: Database) -> None:
    with locked_deliveries(database):
        sent = [side_by_side({"id": f"r{number}"}) for number in range(20)]
        wait_until(lambda: waiting_inserts(database) == 2)
    assert all(each.result().status_code == 202 for each in sent)
    transactions = database.execute("SELECT count(DISTINCT xmin::text) FROM deliveries")
    assert transactions[0][0] < 15


def test_a_database_that_does_not_commit_in_time_is_503_and_stores_nothing_later(
    database: Database, web_options: WebOptions
) -> None:
    register(database)
    with running_receiver(replace(web_options, inbox_wait=SHORT)) as receiver:
        with locked_deliveries(database):
            answer = receiver.deliver({"id": "late"})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            wait_until(lambda: waiting_inserts(database) == 0)
        assert receiver.deliver({"id": "next"}).status_code == 202
    assert stored(database) == ["next"]


def test_too_many_waiting_bytes_are_503_at_once(database: Database, web_options: WebOptions) -> None:
    register(database)
    with (
        running_receiver(replace(web_options, inbox_bytes=50_000)) as receiver,
        ThreadPoolExecutor(2) as pool,
    ):
        with locked_deliveries(database):
            first = pool.submit(receiver.deliver, {"id": "first", "padding": "x" * 40_000})
            wait_until(lambda: waiting_inserts(database) == 1)
            began = time.monotonic()
            answer = receiver.deliver({"id": "second", "padding": "x" * 40_000})
            assert time.monotonic() - began < 3
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert first.result().status_code == 202
        assert receiver.deliver({"id": "third", "padding": "x" * 40_000}).status_code == 202
    assert stored(database) == ["first", "third"]


@pytest.mark.parametrize("guard", [CONSTRAINT, TRIGGER], ids=["constraint", "trigger"])
def test_a_poisonous_request_fails_alone(side_by_side: Deliver, database: Database, guard: str) -> None:
    database.execute(guard)
    try:
        with locked_deliveries(database):
            sent = {"first": side_by_side({"id": "first"})}
            wait_until(lambda: waiting_inserts(database) == 1)  # sent together, both could be one group
            sent["second"] = side_by_side({"id": "second"})
            wait_until(lambda: waiting_inserts(database) == 2)
            sent |= {name: side_by_side({"id": name}) for name in ("good", "poison", "fine", "well")}
        statuses = {name: each.result().status_code for name, each in sent.items()}
    finally:
        database.execute("ALTER TABLE deliveries DROP CONSTRAINT IF EXISTS no_poison")
        database.execute("DROP FUNCTION IF EXISTS refuse_poison CASCADE")
    assert {name for name, status in statuses.items() if status != 202} == {"poison"}
    assert statuses["poison"] == 503
    assert set(stored(database)) == set(sent) - {"poison"}


def test_each_202_has_its_row_while_connections_are_ended(
    receiver: RunningReceiver, database: Database
) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        streams = [pool.submit(stream_deliveries, receiver, f"s{number}", stop) for number in range(4)]
        for _ in range(10):
            count = len(stored(database))
            wait_until(lambda enough=count + 20: len(stored(database)) >= enough)  # type: ignore[misc]  # a lambda's default
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'relay-inbox'"
            )
        stop.set()
        answers = [answer for stream in streams for answer in stream.result()]
    assert {status for _, status in answers} <= {202, 503}
    acknowledged = {record_id for record_id, status in answers if status == 202}
    assert len(acknowledged) >= 200
    assert acknowledged <= set(stored(database))


def test_a_sender_that_hangs_up_while_it_waits_is_stored_and_harms_nobody(
    receiver: RunningReceiver, side_by_side: Deliver, database: Database
) -> None:
    with locked_deliveries(database):
        with httpx2.Client(trust_env=False, timeout=0.2) as impatient:
            request = impatient.build_request(
                "POST",
                f"{receiver.url}/webhooks/fusioo/key",
                headers={HEADER: SECRET},
                json={"id": "impatient"},
            )
            with pytest.raises(httpx2.ReadTimeout):
                impatient.send(request)
        patient = side_by_side({"id": "patient"})
        wait_until(lambda: waiting_inserts(database) >= 1)
    assert patient.result().status_code == 202
    wait_until(lambda: set(stored(database)) == {"impatient", "patient"})
