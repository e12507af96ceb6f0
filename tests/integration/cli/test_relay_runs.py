"""`relay runs`, `relay pause`, `relay resume`: what people see of runs, and do about them."""

import json
from pathlib import Path

import pytest

from service.lifecycle import RunStatus
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.rows import Rows

FILE = """\
version: 1
accounts: {main: {provider: fusioo, token: "${MAIN_TOKEN}"}}
handlers: {ops: {log: {}}, mirror: {log: {}}}
"""


@pytest.fixture
def working(relay: Relay, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Relay:
    file = tmp_path / "relay.yaml"
    file.write_text(FILE)
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("MAIN_TOKEN", "t")
    monkeypatch.setenv("RELAY_CONFIG", str(file))
    return relay


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)


def test_a_handler_is_paused_and_resumed(working: Relay, rows: Rows) -> None:
    rows.run(RunStatus.READY)
    rows.run(RunStatus.READY, record="other", handler="mirror")
    paused = working("pause", "ops", "--because", "their maintenance")
    assert (paused.exit_code, paused.stderr) == (0, "")
    assert "ops is paused" in paused.stdout
    assert "was paused already" in working("pause", "ops").stdout
    listed = {each["handler"]: each["held"] for each in json.loads(working("runs", "list", "--json").stdout)}
    assert listed == {"ops": "paused", "mirror": None}
    assert "paused" in working("runs", "list").stdout
    assert "ops goes on" in working("resume", "ops").stdout
    assert "paused" not in working("runs", "list").stdout


def test_a_name_that_is_no_handler_is_refused_with_the_nearest(working: Relay, database: Database) -> None:
    for command in ("pause", "resume"):
        refused = working(command, "mirorr")
        assert refused.exit_code == 1
        assert "did you mean mirror?" in refused.stderr
    database.execute("INSERT INTO handler_states (handler, paused_at) VALUES ('left', now())")
    assert working("resume", "left").exit_code == 0, "one that left the configuration can still be resumed"


def test_the_list_takes_what_the_acts_take(working: Relay, database: Database, rows: Rows) -> None:
    """The list, and what is counted before an act, mean the same by the same options."""
    old, busy, refused = (rows.run(RunStatus.DEAD, record=f"r{number}") for number in range(3))
    database.execute("UPDATE runs SET created_at = now() - interval '3 hours' WHERE id = %s", (old,))
    database.execute("UPDATE runs SET error = 'HTTP 503: Busy' WHERE id = ANY(%s)", ([old, busy],))
    for options, meant in (
        ("--since 2h", {busy, refused}),
        ("--until 2h", {old}),
        ("--since 2000-01-01 --until 2h", {old}),
        ("--until 2000-01-01", set()),
        ("--error-contains BUSY", {old, busy}),
        ("--error-contains BUSY --since 2h", {busy}),
    ):
        listed = json.loads(working("runs", "list", "--json", *options.split()).stdout)
        assert {each["id"] for each in listed} == {str(each) for each in meant}, options
        counted = working("runs", "retry", *options.split()).stdout
        assert counted.startswith(f"{len(meant) or 'no'} dead run"), options
    wrong = working("runs", "list", "--until", "last week")
    assert wrong.exit_code == 2
    assert "like 7d, or a moment like 2026-11-22T05:00" in wrong.stderr


def test_many_are_counted_first_and_retried_when_that_is_wanted(working: Relay, rows: Rows) -> None:
    runs = [rows.run(RunStatus.DEAD, record=f"r{number}") for number in range(3)]
    rows.run(RunStatus.DEAD, handler="mirror")
    counted = working("runs", "retry", "--handler", "ops")
    assert (counted.exit_code, counted.stdout) == (1, "3 dead runs of ops would be retried; --yes does it\n")
    assert {rows.status(each) for each in runs} == {RunStatus.DEAD}
    both = working("runs", "retry", "--since", "1d")
    assert "4 dead runs (1 of mirror, 3 of ops) would be retried" in both.stdout
    done = working("runs", "retry", "--handler", "ops", "--yes")
    assert (done.exit_code, done.stdout) == (0, "3 retried\n")
    assert {rows.status(each) for each in runs} == {RunStatus.READY}
    none = working("runs", "retry", "--handler", "ops", "--yes")
    assert none.exit_code == 0
    assert "no dead run is meant" in none.stdout


def test_those_that_are_refused_are_told(working: Relay, rows: Rows) -> None:
    dead = rows.run(RunStatus.DEAD)
    rows.run(RunStatus.DONE)
    refused = working("runs", "retry", "--handler", "ops", "--yes")
    assert refused.exit_code == 1
    assert str(dead) in refused.stderr
    assert "1 were refused" in refused.stderr


def test_which_ones_has_to_be_said_in_one_way(working: Relay, rows: Rows) -> None:
    dead = rows.run(RunStatus.DEAD)
    assert working("runs", "retry").exit_code == 2
    assert working("runs", "discard", str(dead), "--handler", "ops").exit_code == 2
    assert working("runs", "discard", str(dead)).exit_code == 0
    assert rows.status(dead) == RunStatus.DISCARDED
    rows.run(RunStatus.READY)
    discarded = working("runs", "discard", "--handler", "ops", "--status", "ready", "--yes")
    assert discarded.stdout == "1 discarded\n"


def test_changes_are_replayed_when_that_is_wanted(working: Relay, database: Database, rows: Rows) -> None:
    rows.run(RunStatus.DONE)
    rows.run(RunStatus.DEAD, record="other", handler="mirror")
    counted = working("changes", "replay", "--since", "1d")
    assert (counted.exit_code, counted.stdout) == (
        1,
        "2 changes would be replayed: 1 of mirror, 1 of ops; --yes does it\n",
    )
    done = working("changes", "replay", "--handler", "ops", "--current", "--yes")
    assert (done.exit_code, done.stdout) == (0, "1 runs made\n")
    made = "SELECT handler, replay, current_state, status FROM runs WHERE replay > 0"
    assert database.execute(made) == [("ops", 1, True, "ready")]
    assert working("changes", "replay").exit_code == 2
    now = working("changes", "replay", "--since", "1d", "--rules", "now", "--yes")
    assert "nothing was run for any such change" in now.stdout
    before = working("changes", "replay", "--until", "1h")
    assert (before.exit_code, "nothing was run for any such change" in before.stdout) == (0, True)
