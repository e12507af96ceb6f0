"""`GET /health` over HTTP on a real database: it passes, and each thing that goes wrong is told."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr

from service.lifecycle import RunStatus
from service.pipeline.probes.checks import CheckName
from tests.fixtures.database import Database
from tests.fixtures.probing import ACCOUNT, EXPECTED, store_healthy
from tests.fixtures.receiver import RunningReceiver, options_for, running_receiver
from tests.fixtures.rows import Rows
from tests.fixtures.waiting import wait_until

TOKEN = "the-admin-token"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
LATE = "UPDATE deliveries SET due_at = now() - CAST(%s AS interval)"
LATE_RUN = "UPDATE runs SET next_at = now() - CAST(%s AS interval)"


@pytest.fixture(scope="module")
def watched(module_database: Database, module_redis_url: str) -> Iterator[RunningReceiver]:
    options = options_for(
        module_database.url,
        module_redis_url,
        admin_token=SecretStr(TOKEN),
        expected=EXPECTED,
        lost_after=timedelta(seconds=2),
        health_fresh_for=timedelta(milliseconds=20),
    )
    with running_receiver(options) as running:
        yield running


@pytest.fixture
def rows(watched: RunningReceiver, module_database: Database) -> Rows:
    """A relay in perfect health."""
    store_healthy(module_database)
    wait_until(lambda: ask(watched).json()["status"] == "pass", what="everything passes")
    return Rows(module_database)


def ask(watched: RunningReceiver) -> httpx2.Response:
    return watched.http.get("/health", headers=WITH_TOKEN)


def spoilt(watched: RunningReceiver, check: str, status: str, *, code: int) -> str:
    """Wait until a check has a status (a look counts for a while); gives what is said of it."""

    def found() -> list[str]:
        answer = ask(watched)
        told = [each for each in answer.json()["checks"][check] if each["status"] == status]
        assert not told or answer.status_code == code
        return [each["output"] for each in told]

    return wait_until(found, what=f"{check} is {status}")[0]


def test_a_healthy_relay_passes(watched: RunningReceiver, rows: Rows) -> None:
    assert rows.versions == 0
    answer = ask(watched)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/health+json")
    assert answer.headers["cache-control"] == "no-store"
    checks = answer.json()["checks"]
    assert list(checks) == list(CheckName)
    assert {each["status"] for told in checks.values() for each in told} == {"pass"}
    assert all(each["time"].endswith("Z") for told in checks.values() for each in told)
    (budget,) = checks["budget"]
    assert (budget["observedValue"], budget["observedUnit"]) == (0, "calls")
    assert ACCOUNT in budget["output"]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_without_the_token_only_statuses_are_told(
    watched: RunningReceiver, rows: Rows, headers: dict[str, str]
) -> None:
    rows.run(RunStatus.DEAD)
    spoilt(watched, "runs", "warn", code=200)
    told: dict[str, Any] = watched.http.get("/health", headers=headers).json()
    assert told["status"] == "warn"
    assert {name: [set(each) for each in of] for name, of in told["checks"].items()} == {
        name: [{"status", "time"}] for name in CheckName
    }


@pytest.mark.parametrize("kind", ["settle", "run", "job", "scheduler"])
def test_a_process_that_beats_no_more_fails(
    watched: RunningReceiver, rows: Rows, module_database: Database, kind: str
) -> None:
    assert rows.versions == 0
    module_database.execute("UPDATE processes SET beat_at = now() - interval '1 min' WHERE kind = %s", [kind])
    check = "scheduler" if kind == "scheduler" else "worker"
    assert f"no {kind} process has beaten" in spoilt(watched, check, "fail", code=503)


def test_a_kind_without_any_process_fails(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    assert rows.versions == 0
    module_database.execute("DELETE FROM processes WHERE kind = 'run'")
    assert "start `relay worker`" in spoilt(watched, "worker", "fail", code=503)


def test_a_scheduler_that_beats_and_does_nothing_fails(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    assert rows.versions == 0
    module_database.execute("UPDATE ticks SET next_at = now() - interval '1 min' WHERE name = 'sweep'")
    assert "no scheduler took it" in spoilt(watched, "scheduler", "fail", code=503)


def test_a_late_delivery_warns_and_then_fails(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    rows.delivery(status="pending")
    module_database.execute(LATE, ["2 min"])
    assert "due for 2m" in spoilt(watched, "deliveries", "warn", code=200)
    module_database.execute(LATE, ["11 min"])
    assert "due for 11m" in spoilt(watched, "deliveries", "fail", code=503)


def test_a_late_delivery_of_a_spent_budget_only_warns(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    rows.delivery(status="pending")
    module_database.execute(LATE, ["11 min"])
    module_database.execute(
        "INSERT INTO calls (account, lane, endpoint, counts_until)"
        " SELECT %s, 'settle', 'GET /', now() + interval '1 h' FROM generate_series(1, 9)",
        [ACCOUNT],
    )
    assert "9 of 10 used, next free slot in" in spoilt(watched, "budget", "warn", code=200)
    assert "next free slot in" in spoilt(watched, "deliveries", "warn", code=200)


def test_a_blocked_account_warns(watched: RunningReceiver, rows: Rows, module_database: Database) -> None:
    assert rows.versions == 0
    module_database.execute(
        "INSERT INTO blocks (account, blocked_until, seconds) VALUES (%s, now() + interval '1 min', 60)",
        [ACCOUNT],
    )
    assert "429" in spoilt(watched, "budget", "warn", code=200)


def test_a_dead_delivery_warns(watched: RunningReceiver, rows: Rows) -> None:
    rows.delivery(status="dead")
    assert spoilt(watched, "deliveries", "warn", code=200).startswith("1 delivery is dead")


def test_a_late_run_warns_and_then_fails(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    rows.run(RunStatus.READY)
    module_database.execute(LATE_RUN, ["2 min"])
    assert "handler ops" in spoilt(watched, "runs", "warn", code=200)
    module_database.execute(LATE_RUN, ["11 min"])
    assert "handler ops" in spoilt(watched, "runs", "fail", code=503)


def test_runs_that_are_dead_or_held_warn(watched: RunningReceiver, rows: Rows) -> None:
    rows.run(RunStatus.DEAD)
    assert spoilt(watched, "runs", "warn", code=200).startswith("1 run is dead")
    rows.run(RunStatus.READY, record="r2", handler="gone")
    wait_until(lambda: "held" in ask(watched).text and "gone" in ask(watched).text)


def test_a_missing_webhook_warns(watched: RunningReceiver, rows: Rows, module_database: Database) -> None:
    assert rows.versions == 0
    module_database.execute("UPDATE registrations SET status = 'creating' WHERE kind = 'delete'")
    assert "ia4f42 (delete)" in spoilt(watched, "registrations", "warn", code=200)


def test_a_lasting_alarm_is_told(watched: RunningReceiver, rows: Rows, module_database: Database) -> None:
    assert rows.versions == 0
    alarm = ["account_halted", ACCOUNT, "the token is refused; its deliveries wait"]
    module_database.execute("INSERT INTO alarms (name, subject, message) VALUES (%s, %s, %s)", alarm)
    assert "the token is refused" in spoilt(watched, "deliveries", "fail", code=503)
    module_database.execute("UPDATE alarms SET cleared_at = now()")
    wait_until(lambda: ask(watched).json()["status"] == "pass", what="the alarm is cleared")


def test_liveness_and_readiness_do_not_care(
    watched: RunningReceiver, rows: Rows, module_database: Database
) -> None:
    rows.run(RunStatus.DEAD)
    module_database.execute("DELETE FROM processes WHERE kind = %s", ["run"])
    spoilt(watched, "worker", "fail", code=503)
    assert watched.http.get("/health/live").status_code == 200
    assert watched.http.get("/health/ready").status_code == 200


def test_a_hundred_askers_cost_one_look_a_second(
    module_database: Database, module_redis_url: str, statements: list[str]
) -> None:
    options = options_for(module_database.url, module_redis_url)
    with running_receiver(options) as receiver:
        began = time.monotonic()
        for _ in range(100):
            assert receiver.http.get("/health").status_code in {200, 503}
        seconds = time.monotonic() - began
    looks = sum("FROM processes" in statement for statement in statements)
    assert 1 <= looks <= seconds + 1


def test_without_a_configuration_what_needs_one_is_unknown(
    module_database: Database, module_redis_url: str
) -> None:
    store_healthy(module_database)
    options = options_for(module_database.url, module_redis_url, admin_token=SecretStr(TOKEN))
    with running_receiver(options) as receiver:
        told = ask(receiver).json()
    warned = {name for name, of in told["checks"].items() if of[0]["status"] == "warn"}
    assert (told["status"], warned) == ("warn", {"budget", "registrations"})


def test_a_health_check_of_an_unset_token_hides_all(module_database: Database, module_redis_url: str) -> None:
    store_healthy(module_database)
    with running_receiver(options_for(module_database.url, module_redis_url)) as receiver:
        for value in ("Bearer", "Bearer None", f"Bearer {uuid4()}"):
            told = receiver.http.get("/health", headers={"Authorization": value}).json()
            assert set(told["checks"]["budget"][0]) == {"status", "time"}
