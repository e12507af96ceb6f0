"""Postgres stopped and started under the receiver: a short absence is waited out, a long one is 503."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from service.db.migrating import upgrade
from service.dev.environment import EmbeddedServices
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import (
    options_for,
    register,
    running_receiver,
    stored,
    stream_deliveries,
)
from tests.fixtures.waiting import wait_until

ABSENCE = 2.0


@pytest.fixture(scope="module")
def own_database(own_services: EmbeddedServices) -> Database:
    upgrade(own_services.database_url)
    database = Database(own_services.database_url)
    register(database)
    return database


@pytest.fixture
def own_options(own_services: EmbeddedServices, own_database: Database) -> WebOptions:
    own_database.execute("TRUNCATE deliveries")
    return options_for(own_services.database_url, own_services.redis_url)


@contextmanager
def postgres_away(services: EmbeddedServices) -> Iterator[None]:
    services.stop_postgres()
    try:
        yield
    finally:
        services.start_postgres()


def test_a_restart_under_a_stream_is_waited_out(
    own_services: EmbeddedServices, own_database: Database, own_options: WebOptions
) -> None:
    stop = threading.Event()
    with running_receiver(own_options) as receiver, ThreadPoolExecutor(4) as pool:
        streams = [pool.submit(stream_deliveries, receiver, f"s{number}", stop) for number in range(4)]
        wait_until(lambda: len(stored(own_database)) > 20)
        own_services.stop_postgres()
        threading.Event().wait(ABSENCE)  # the length of the absence is what is tested
        own_services.start_postgres()
        before = len(stored(own_database))
        wait_until(lambda: len(stored(own_database)) > before + 20)
        stop.set()
        answers = [answer for stream in streams for answer in stream.result()]
    assert {status for _, status in answers} == {202}
    assert {record_id for record_id, _ in answers} <= set(stored(own_database))


def test_a_longer_absence_is_503_in_time_and_known_keys_stay_known(
    own_services: EmbeddedServices, own_database: Database, own_options: WebOptions
) -> None:
    options = replace(own_options, inbox_wait=timedelta(milliseconds=700))
    with running_receiver(options) as receiver:
        assert receiver.deliver({"id": "before"}).status_code == 202
        with postgres_away(own_services):
            began = time.monotonic()
            answer = receiver.deliver({"id": "during"})
            assert 0.6 < time.monotonic() - began < 3
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            assert receiver.deliver({"id": "a"}, secret="wrong").status_code == 401
            unknown = receiver.deliver({"id": "a"}, key="unknown")
            assert (unknown.status_code, "retry-after" in unknown.headers) == (503, True)
        wait_until(lambda: receiver.deliver({"id": "after"}).status_code == 202)
        assert receiver.deliver({"id": "a"}, key="unknown").status_code == 404
    assert "during" not in stored(own_database)


def test_it_starts_without_the_database_and_recovers_by_itself(
    own_services: EmbeddedServices, own_database: Database, own_options: WebOptions
) -> None:
    options = replace(own_options, refresh_every=timedelta(milliseconds=200))
    with ExitStack() as stack:
        with postgres_away(own_services):
            receiver = stack.enter_context(running_receiver(options))
            assert receiver.deliver({"id": "early"}).status_code == 503  # not 404: never loaded
            assert receiver.http.get("/health/live").status_code == 200
            assert receiver.http.get("/health/ready").status_code == 503
        wait_until(lambda: receiver.http.get("/health/ready").status_code == 200, 20)
        assert receiver.deliver({"id": "later"}).status_code == 202
    assert stored(own_database) == ["later"]


def test_redis_away_costs_no_delivery(
    own_services: EmbeddedServices, own_database: Database, own_options: WebOptions
) -> None:
    with running_receiver(own_options) as receiver:
        own_services.stop_valkey()
        try:
            began = time.monotonic()
            assert [receiver.deliver({"id": "a"}).status_code for _ in range(20)] == [202] * 20
            assert time.monotonic() - began < 5
            assert receiver.http.get("/health/ready").status_code == 200
        finally:
            own_services.start_valkey()
    assert len(stored(own_database)) == 20
