"""`relay webhooks` and `relay doctor` for an account at Onspring: no API, and outcomes that people set up."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from service.dev.simulators.onspring.example import TASKS, USERS
from service.dev.simulators.onspring.outcomes import Outcome
from service.sealing import SecretBox
from service.web.lifespan import WebOptions
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread
from tests.fixtures.receiver import SECRET_KEY, running_receiver, stored
from tests.fixtures.waiting import wait_until

PUBLIC = "https://relay.example.com"
RULES = """version: 1
accounts:
  grc: {provider: onspring, token: "${KEY}", base_url: "${URL}"}
handlers: {note: {log: {}}}
rules:
  - {name: tasks, account: grc, app: Tasks, run: [note]}
  - {name: people, account: grc, app: "2", run: [note]}
"""


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
def command(
    relay: Relay,
    database: Database,
    onspring: RunningOnspring,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Relay:
    for name, value in {
        "DATABASE_URL": database.url,
        "REDIS_URL": redis_url,
        "RELAY_SECRET_KEY": SECRET_KEY,
        "RELAY_PUBLIC_URL": PUBLIC,
        "KEY": onspring.key,
        "URL": onspring.url,
    }.items():
        monkeypatch.setenv(name, value)
    Path("relay.yaml").write_text(RULES)
    return relay


def test_a_plan_has_nothing_to_register_and_exits_0(command: Relay, database: Database) -> None:
    result = command("webhooks", "plan")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Onspring has no API for webhooks: there is nothing to register." in result.stdout
    assert "    Tasks  polled every 15m\n    Users  polled every 15m\n" in result.stdout
    assert json.loads(command("webhooks", "plan", "--json").stdout) == []
    for table in ("registrations", "apps", "app_listings"):
        assert database.execute(f"SELECT * FROM {table}") == []


def test_apply_lets_the_apps_be_watched_and_may_be_repeated(command: Relay, database: Database) -> None:
    for _ in range(2):
        result = command("webhooks", "apply")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.endswith("grc  Tasks: watched\ngrc  Users: watched\n")
    rows = database.execute("SELECT account, app_id, name, schema FROM apps ORDER BY name")
    assert [row[:3] for row in rows] == [("grc", str(TASKS), "Tasks"), ("grc", str(USERS), "Users")]
    assert {"id": "6983", "type": "text"}.items() <= next(
        field for field in rows[0][3]["fields"] if field["id"] == "6983"
    ).items()
    (listing,) = database.execute("SELECT apps FROM app_listings")
    assert {app["name"] for app in listing[0]} == {"Groups", "Tasks", "Users"}
    assert database.execute("SELECT * FROM registrations") == []
    assert json.loads(command("webhooks", "apply", "--json").stdout) == []


def test_an_app_that_is_not_there_is_named_with_those_that_are(command: Relay) -> None:
    Path("relay.yaml").write_text(RULES.replace("app: Tasks", "app: Taks"))
    result = command("webhooks", "apply")
    assert result.exit_code == 1
    assert "did you mean `Tasks`?" in result.stderr


def test_add_prints_what_to_type_and_the_outcome_delivers(
    command: Relay, database: Database, onspring: RunningOnspring, web_options: WebOptions
) -> None:
    result = command("webhooks", "add", "grc", "Tasks", "--json")
    assert result.exit_code == 0
    added = json.loads(result.stdout)
    assert added["url"].startswith(f"{PUBLIC}/webhooks/onspring/")
    assert (added["method"], added["header"], added["kind"]) == ("POST", "X-Relay-Secret", None)
    assert added["body"] == f'[{{"RecordId":"{{:RecordId}}","AppId":"{TASKS}"}}]'
    for shown in (added["url"], f"X-Relay-Secret: {added['secret']}", added["body"], "trigger of Tasks"):
        assert shown in result.stderr
    assert len(added["secret"]) >= 32
    (sealed,) = database.execute("SELECT sealed FROM registration_secrets")[0]
    assert SecretBox(SECRET_KEY).open(bytes(sealed)) == added["secret"]
    with running_receiver(web_options) as receiver:
        url = added["url"].replace(PUBLIC, receiver.url)
        headers = {added["header"]: added["secret"]}
        onspring.state.outcomes[1] = Outcome(1, TASKS, url, body=added["body"], headers=headers)
        with httpx2.Client(base_url=onspring.url, trust_env=False, timeout=15) as http:
            saved = http.put(
                "/Records",
                headers={"x-apikey": onspring.key, "x-api-version": "2"},
                json={"appId": TASKS, "fields": {"6983": "New"}},
            ).raise_for_status()
        wait_until(lambda: stored(database) == [str(saved.json()["id"])])


def test_a_piped_secret_is_the_secret(command: Relay, database: Database) -> None:
    result = command("webhooks", "add", "grc", str(TASKS), typed="open-sesame\n")
    assert result.exit_code == 0
    assert "           X-Relay-Secret: open-sesame\n" in result.stdout
    (sealed,) = database.execute("SELECT sealed FROM registration_secrets")[0]
    assert SecretBox(SECRET_KEY).open(bytes(sealed)) == "open-sesame"


def test_a_secret_that_fits_no_header_is_refused_and_the_url_waits(command: Relay) -> None:
    refused = command("webhooks", "add", "grc", "Tasks", typed="two words\n")
    assert (refused.exit_code, "that can't be the secret" in refused.stderr) == (1, True)
    (waiting,) = json.loads(command("webhooks", "list", "--json").stdout)
    added = json.loads(command("webhooks", "add", "grc", "Tasks", "--json").stdout)
    assert (waiting["status"], waiting["url"]) == ("creating", added["url"])


def test_plan_list_rotate_and_remove_know_what_a_person_set_up(command: Relay) -> None:
    command("webhooks", "apply")
    added = json.loads(command("webhooks", "add", "grc", "Tasks", "--json").stdout)
    assert "Tasks  polled every 15m, and told of by a REST outcome\n" in command("webhooks", "plan").stdout
    (listed,) = json.loads(command("webhooks", "list", "--json").stdout)
    assert (listed["id"], listed["manual"], listed["app_name"]) == (added["id"], True, "Tasks")
    assert added["secret"] not in command("webhooks", "list").stdout
    rotated = command("webhooks", "rotate")
    assert (rotated.exit_code, "`relay webhooks add`, then `remove`" in rotated.stderr) == (1, True)
    assert command("webhooks", "remove", added["id"], "--yes").exit_code == 0
    assert [each["status"] for each in json.loads(command("webhooks", "list", "--json").stdout)] == [
        "deleted"
    ]


def test_doctor_proves_the_key_and_misses_no_webhooks(
    command: Relay, onspring: RunningOnspring, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("webhooks", "apply")
    found = {each["check"]: each for each in json.loads(command("doctor", "--json").stdout)}
    assert found["token of grc"]["ok"]
    assert found["webhooks of grc"] == {
        "check": "webhooks of grc",
        "ok": True,
        "message": "0 set up by people, there is no API for them; no alarm about them",
    }
    monkeypatch.setenv("KEY", "wrong")
    onspring.state.calls.clear()
    found = {each["check"]: each for each in json.loads(command("doctor", "--json").stdout)}
    assert not found["token of grc"]["ok"]
    assert "the API key is not accepted" in found["token of grc"]["message"]
    assert not onspring.calls_of("GET", "/Ping")
