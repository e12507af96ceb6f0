"""Health while Redis or Postgres is away, or hangs: told in time, and liveness stays."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from pydantic import SecretStr

from service.db.migrating import upgrade
from service.dev.environment import EmbeddedServices
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.probing import EXPECTED, store_healthy
from tests.fixtures.receiver import RunningReceiver, options_for, running_receiver
from tests.fixtures.waiting import wait_until

TOKEN = "the-admin-token"
IN_TIME = 3.0


@pytest.fixture(scope="module")
def own_database(own_services: EmbeddedServices) -> Database:
    upgrade(own_services.database_url)
    return Database(own_services.database_url)


@pytest.fixture
def own_options(own_services: EmbeddedServices, own_database: Database) -> WebOptions:
    store_healthy(own_database)
    return options_for(
        own_services.database_url,
        own_services.redis_url,
        admin_token=SecretStr(TOKEN),
        expected=EXPECTED,
    )


def ask(receiver: RunningReceiver, path: str = "/health") -> httpx2.Response:
    """Ask as the admin."""
    return receiver.http.get(path, headers={"Authorization": f"Bearer {TOKEN}"})


def fails_in_time(receiver: RunningReceiver) -> bool:
    began = time.monotonic()
    return ask(receiver).status_code == 503 and time.monotonic() - began < IN_TIME


def status(receiver: RunningReceiver, check: str) -> str:
    return str(ask(receiver).json()["checks"][check][0]["status"])


def passes(receiver: RunningReceiver) -> bool:
    return bool(ask(receiver).json()["status"] == "pass")


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_redis_away_fails_and_the_receiver_stays_ready(
    own_services: EmbeddedServices, own_options: WebOptions
) -> None:
    with running_receiver(own_options) as receiver:
        wait_until(lambda: passes(receiver))
        own_services.stop_valkey()
        try:
            wait_until(lambda: status(receiver, "redis") == "fail")
            wait_until(lambda: status(receiver, "postgres") == "pass")
            assert fails_in_time(receiver)
            assert "only stored" in ask(receiver).json()["checks"]["redis"][0]["output"]
            assert ask(receiver, "/health/ready").status_code == 200
            assert "relay_redis_up 0.0" in ask(receiver, "/metrics").text
        finally:
            own_services.start_valkey()
        wait_until(lambda: passes(receiver), what="health recovers by itself")


def test_postgres_away_fails_in_time_and_liveness_stays(
    own_services: EmbeddedServices, own_options: WebOptions
) -> None:
    with running_receiver(own_options) as receiver:
        wait_until(lambda: passes(receiver))
        own_services.stop_postgres()
        try:
            wait_until(lambda: status(receiver, "postgres") == "fail")
            assert fails_in_time(receiver)
            told = ask(receiver).json()["checks"]
            assert [each["status"] for each in told["postgres"]] == ["fail"]
            assert {of[0]["status"] for name, of in told.items() if name not in {"postgres", "redis"}} == {
                "warn"
            }
            assert ask(receiver, "/health/live").status_code == 200
            metrics = ask(receiver, "/metrics")
            assert (metrics.status_code, "relay_postgres_up 0.0" in metrics.text) == (200, True)
        finally:
            own_services.start_postgres()
        wait_until(lambda: passes(receiver), what="health recovers by itself")


def test_a_redis_that_hangs_fails_in_time(own_options: WebOptions, own_database: Database) -> None:
    with black_hole() as port:
        options = options_for(
            own_database.url, f"redis://127.0.0.1:{port}", admin_token=own_options.admin_token
        )
        with running_receiver(options) as receiver:
            assert fails_in_time(receiver)
            assert status(receiver, "redis") == "fail"
            wait_until(lambda: status(receiver, "postgres") == "pass")
