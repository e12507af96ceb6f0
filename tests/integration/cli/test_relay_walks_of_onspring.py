"""`relay backfill`, `relay reconcile` and what the doctor says of records, against a simulated Onspring."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.dev.simulators.onspring.example import NAME, TASKS
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread

FILE = (
    'version: 1\naccounts:\n  grc: {provider: onspring, token: "${KEY}", base_url: "${URL}"}\n'
    "handlers: {ops: {log: {}}}\n"
    "rules: [{name: all, account: grc, app: Tasks, run: [ops]}]\n"
)


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    """Its tasks were made and modified a month ago."""
    with onspring_in_thread() as running:
        for record in running.state.records.of(TASKS):
            record.created -= timedelta(days=30)
            record.modified -= timedelta(days=30)
        yield running


@pytest.fixture
def applied(
    relay: Relay,
    onspring: RunningOnspring,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Relay:
    """The command, with an app that `webhooks apply` stored."""
    (tmp_path / "relay.yaml").write_text(FILE)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("RELAY_PUBLIC_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")  # nothing listens there
    monkeypatch.setenv("KEY", onspring.key)
    monkeypatch.setenv("URL", onspring.url)
    result = relay("webhooks", "apply")
    assert result.exit_code == 0, result.stderr
    return relay


def test_every_record_is_taken_in(applied: Relay, onspring: RunningOnspring, database: Database) -> None:
    result = applied("backfill", "grc", "Tasks")
    assert (result.exit_code, result.stdout) == (
        0,
        "3 records seen with 1 calls; 3 were never seen before\n",
    ), result.stderr
    known = database.execute("SELECT record_id, fields ->> %s FROM records ORDER BY 1", (str(NAME),))
    assert known == [(str(one.id), one.values[NAME]) for one in onspring.state.records.of(TASKS)]


@pytest.mark.parametrize(("since", "seen"), [("1d", 1), ("60d", 3)])
def test_what_was_modified_since_is_taken_in(
    applied: Relay, onspring: RunningOnspring, since: str, seen: int
) -> None:
    edited = onspring.state.records.of(TASKS)[1]
    onspring.state.records.update(edited, {NAME: "Edited"}, person=1, told=False)
    result = applied("backfill", "grc", "195", "--since", since, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["seen"] == seen


def test_a_round_says_what_it_found(applied: Relay, onspring: RunningOnspring, database: Database) -> None:
    made = onspring.state.records.create(TASKS, {NAME: "Made"}, person=1, told=False)
    result = applied("reconcile", "grc", "Tasks", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    (told,) = json.loads(result.stdout)
    assert (told["app_name"], told["noticed"], told["api_count"], told["failures"]) == ("Tasks", 1, 4, 0)
    assert database.execute("SELECT record_id, origin FROM deliveries") == [(str(made.id), "reconcile")]


def test_the_doctor_says_what_a_backfill_will_cost(applied: Relay) -> None:
    told = applied("doctor", "--json")
    assert "with a call per 950 records" in told.stdout
    applied("reconcile", "grc")
    told = applied("doctor", "--json")
    assert "(0 of 3 are known); `relay backfill grc Tasks` reads them with about 3 calls" in told.stdout
