"""`relay alarms`: what lasts, who was told, and what a person may accept."""

import json
from uuid import uuid4

import pytest

from tests.fixtures.command import Relay
from tests.fixtures.database import Database


@pytest.fixture
def alarms(relay: Relay, database: Database, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", "k" * 32)
    return lambda *arguments: relay("alarms", *arguments)


def store(database: Database, name: str, subject: str, *, over: bool = False) -> int:
    ((alarm_id,),) = database.execute(
        "INSERT INTO alarms (name, subject, message, cleared_at)"
        " VALUES (%s, %s, 'It is so.', CASE WHEN %s THEN now() END) RETURNING id",
        (name, subject, over),
    )
    return int(alarm_id)


def test_it_lists_what_lasts_and_who_was_told(alarms: Relay, database: Database) -> None:
    store(database, "app_halted", "main/gone", over=True)
    alarm_id = store(database, "account_halted", "main")
    for number, (handler, status) in enumerate([("ops", "dead"), ("note", "done")]):
        database.execute(
            "INSERT INTO notices (id, alarm_id, kind, handler, since, status, attempts, error)"
            " VALUES (%s, %s, 'raised', %s, now(), %s, %s, %s)",
            (uuid4(), alarm_id, handler, status, 4 - number, "no answer" if status == "dead" else None),
        )
    shown = alarms("list").stdout
    assert "ops raised: dead, note raised: done" in shown
    assert "main/gone" not in shown
    (found,) = json.loads(alarms("list", "--json").stdout)
    assert (found["name"], found["subject"], found["message"], found["cleared_at"]) == (
        "account_halted",
        "main",
        "It is so.",
        None,
    )
    assert found["told"] == [
        {"handler": "ops", "kind": "raised", "status": "dead", "attempts": 4, "error": "no answer"},
        {"handler": "note", "kind": "raised", "status": "done", "attempts": 3, "error": None},
    ]
    both = json.loads(alarms("list", "--all", "--json").stdout)
    assert [each["subject"] for each in both] == ["main", "main/gone"]


def test_missing_records_are_accepted_for_an_hour(alarms: Relay, database: Database) -> None:
    store(database, "deletions_held", "main/ia4f42")
    database.execute("INSERT INTO slots (account, app_id) VALUES ('main', 'ia4f42'), ('main', 'other')")
    result = alarms("accept", "deletions_held", "main/ia4f42")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "for 1h" in result.stdout
    assert database.execute(
        "SELECT app_id, deletions_accepted_until BETWEEN now() + interval '59 minutes'"
        " AND now() + interval '1 hour' FROM slots ORDER BY app_id"
    ) == [("ia4f42", True), ("other", None)]


@pytest.mark.parametrize(
    ("alarm", "code", "message"),
    [
        ("deletions_held main/other", 1, "no alarm deletions_held of main/other lasts"),
        ("account_halted main", 1, "ends by itself: put a valid token into the environment"),
        ("field_gone main/ia4f42/status", 1, "can't be accepted; it ends by itself: correct the rules that"),
        ("deletion_held main/ia4f42", 2, "did you mean deletions_held?"),
    ],
)
def test_what_cannot_be_accepted_says_what_to_do(
    alarms: Relay, database: Database, alarm: str, code: int, message: str
) -> None:
    store(database, "account_halted", "main")
    store(database, "field_gone", "main/ia4f42/status")
    result = alarms("accept", *alarm.split())
    assert result.exit_code == code
    assert message in " ".join(result.stderr.replace("│", "").split())
