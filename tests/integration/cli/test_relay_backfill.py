"""`relay backfill` against a simulated Fusioo."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.db.engine import open_engine
from service.db.locks import Lock
from service.db.session_locks import hold_lock
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator, simulator_in_thread
from tests.fixtures.walking import ACCOUNT, APP, PERSON, company_of, ids_in, store_app, truth_of

COUNT, CALLS = 1000, 8
"""Six pages of 200 that overlap by 10, and two counts."""
KEY = "k" * 32


@pytest.fixture
def company() -> Iterator[RunningSimulator]:
    with simulator_in_thread(company_of(COUNT)) as running:
        yield running


@pytest.fixture
def backfill(
    relay: Relay,
    company: RunningSimulator,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Relay:
    """The command on an app that `webhooks apply` stored."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", KEY)
    monkeypatch.setenv("FUSIOO_TOKEN", company.token)
    write_configuration(tmp_path, company)
    store_app(database)
    return lambda *arguments: relay("backfill", *arguments)


def write_configuration(directory: Path, company: RunningSimulator, *, calls: int = 10_000) -> None:
    (directory / "relay.yaml").write_text(
        "version: 1\n"
        "accounts:\n"
        f'  main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{company.url}",'
        f" budget: {{calls: {calls}}}}}\n"
        "handlers: {ops: {log: {}}}\n"
        f"rules: [{{name: all, account: main, app: Clients, run: [ops]}}]\n"
    )


def known(database: Database) -> dict[str, str]:
    rows = database.execute("SELECT record_id, fields FROM records WHERE state = 'live'")
    return {record_id: fields["name"] for record_id, fields in rows}


def test_every_record_is_taken_in(backfill: Relay, company: RunningSimulator, database: Database) -> None:
    result = backfill(ACCOUNT, "Clients")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{COUNT} records seen with {CALLS} calls; {COUNT} were never seen before\n"
    assert known(database) == truth_of(company.state)
    lanes = database.execute("SELECT lane, count(*) FROM calls GROUP BY lane")
    assert lanes == [("backfill", CALLS)]


def test_json_says_what_it_came_to(backfill: Relay, company: RunningSimulator) -> None:
    assert backfill(ACCOUNT, APP).exit_code == 0
    edited, gone = ids_in(company.state)[3:5]
    company.state.records.update(edited, {"name": "new"}, person=PERSON)
    company.state.records.delete(gone, person=PERSON)
    result = backfill(ACCOUNT, APP, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert {name: told[name] for name in ("account", "app_id", "seen", "expected", "calls", "missing")} == {
        "account": ACCOUNT,
        "app_id": APP,
        "seen": COUNT - 1,
        "expected": COUNT - 1,
        "calls": CALLS,
        "missing": 0,
    }
    assert (told["taken_in"], told["noticed"], told["absent"], told["unstored"]) == (0, 2, 1, 0)


def test_since_the_newest_edit(backfill: Relay, company: RunningSimulator, database: Database) -> None:
    result = backfill(ACCOUNT, APP, "--since", "2h30m")
    assert result.exit_code == 0, result.stderr
    assert known(database).keys() == set(ids_in(company.state)[-151:])


def test_rules_are_run_when_asked(backfill: Relay, database: Database) -> None:
    assert backfill(ACCOUNT, APP, "--run-rules").exit_code == 0
    assert database.execute("SELECT count(*), min(status) FROM runs") == [(COUNT, "ready")]
    assert database.execute("SELECT DISTINCT origin FROM changes") == [("backfill",)]
    ((digest,),) = database.execute("SELECT digest FROM rulebooks")
    assert database.execute("SELECT DISTINCT rules_digest FROM changes") == [(digest,)]


def test_what_is_counted_and_not_listed_is_told(
    backfill: Relay, company: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company.state.records, "count", lambda _app_id: COUNT + 3)
    result = backfill(ACCOUNT, APP)
    assert result.exit_code == 1
    assert "at least 3 records are counted by the provider, not listed" in result.stderr


def test_an_app_that_is_not_watched_is_refused(backfill: Relay, database: Database) -> None:
    database.execute("DELETE FROM apps")
    result = backfill(ACCOUNT, "Clients")
    assert result.exit_code == 1
    assert "run `relay webhooks apply` first" in result.stderr


def test_other_accounts_are_refused(backfill: Relay) -> None:
    result = backfill("mian", "Clients")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "there is no account mian" in result.stderr


def test_stopped_by_a_person_it_goes_on(
    backfill: Relay, company: RunningSimulator, database: Database, tmp_path: Path
) -> None:
    write_configuration(tmp_path, company, calls=8)  # of which backfills may use four
    with subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-c", "from service.cli.main import main; main()", "backfill", ACCOUNT, APP],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        lines += process.stderr.readlines()
        assert process.wait(30) == 1
    assert "begins; stop it at any time" in lines[0]
    assert "no call is left for backfills" in lines[1]
    assert lines[-1] == "relay: stopped; the same command goes on where it was\n"
    assert 0 < len(known(database)) < COUNT
    write_configuration(tmp_path, company)
    result = backfill(ACCOUNT, APP, "--run-rules")
    assert result.exit_code == 1
    assert "go on with the same options, or begin anew with --restart" in result.stderr
    result = backfill(ACCOUNT, APP)
    assert (result.exit_code, "goes on after" in result.stderr) == (0, True)
    assert known(database) == truth_of(company.state)
    assert len(company.state.calls) == CALLS


def test_begun_anew_where_that_is_wanted(backfill: Relay, database: Database) -> None:
    database.execute(
        "INSERT INTO walks (account, app_id, purpose, run_rules, sight, course)"
        " VALUES (%s, %s, 'backfill', true, 1, '{}')",
        (ACCOUNT, APP),
    )
    assert backfill(ACCOUNT, APP, "--restart").exit_code == 0
    assert database.execute("SELECT seen, run_rules FROM walks") == [(COUNT, False)]


async def test_two_at_once_are_refused(backfill: Relay, database: Database) -> None:
    engine = open_engine(database.url, name="test")
    try:
        async with hold_lock(engine, Lock.BACKFILL, f"{ACCOUNT}/{APP}", wait=timedelta(0)):
            result = await asyncio.to_thread(backfill, ACCOUNT, APP)
    finally:
        await engine.dispose()
    assert result.exit_code == 1
    assert f"backfill of {ACCOUNT}/{APP} is under way elsewhere" in result.stderr
