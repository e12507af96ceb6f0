"""What a command prints with `--json` is what the API tells: the same objects, for the same filters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.one_of_each import ids_of, store_one_of_each
from tests.fixtures.receiver import SECRET_KEY, RunningReceiver, options_for, running_receiver

TOKEN = "the-admin-token"


@pytest.fixture(scope="module")
def things(module_database: Database) -> Database:
    store_one_of_each(module_database)
    return module_database


@pytest.fixture(scope="module")
def api(things: Database, module_redis_url: str) -> Iterator[RunningReceiver]:
    options = options_for(things.url, module_redis_url, admin_token=SecretStr(TOKEN))
    with running_receiver(options) as running:
        yield running


@pytest.fixture
def asked(relay: Relay, things: Database, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setenv("DATABASE_URL", things.url)
    monkeypatch.setenv("RELAY_SECRET_KEY", SECRET_KEY)
    return relay


def printed(relay: Relay, *arguments: str) -> Any:
    result = relay(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def told(api: RunningReceiver, path: str, parameters: dict[str, str] | None = None) -> Any:
    answer = api.http.get(
        f"/api/v1/{path}", headers={"Authorization": f"Bearer {TOKEN}"}, params=parameters or {}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def options_of(parameters: dict[str, str]) -> list[str]:
    """The options of a command that mean the same."""
    words: list[str] = []
    for name, value in parameters.items():
        words += [f"--{name.replace('_', '-')}"] + ([] if value == "true" else [value])
    return words


@pytest.mark.parametrize(
    ("command", "path", "parameters"),
    [
        ("deliveries", "deliveries", {}),
        ("deliveries", "deliveries", {"status": "dead"}),
        ("deliveries", "deliveries", {"app": "Tasks", "record": "r1", "account": "main", "limit": "1"}),
        ("changes", "changes", {}),
        ("changes", "changes", {"kind": "update", "record": "r2"}),
        ("changes", "changes", {"app": "ia4f42", "account": "main", "limit": "2"}),
        ("changes", "changes", {"rule": "second"}),
        ("changes", "changes", {"rule": "third", "missed": "true", "kind": "update"}),
        ("runs", "runs", {}),
        ("runs", "runs", {"handler": "failing", "rule": "second", "status": "dead", "record": "r3"}),
        ("runs", "runs", {"error_contains": "ANSWERED 503", "app": "Tasks", "account": "main"}),
        ("runs", "runs", {"since": "1h", "limit": "3"}),
        ("runs", "runs", {"until": "2000-01-01"}),
        ("webhooks", "registrations", {}),
        ("webhooks", "registrations", {"account": "main", "status": "active", "limit": "2"}),
        ("alarms", "alarms", {}),
        ("alarms", "alarms", {"all": "true", "limit": "2"}),
    ],
)
def test_a_listing_is_the_same(
    asked: Relay, api: RunningReceiver, command: str, path: str, parameters: dict[str, str]
) -> None:
    listed = printed(asked, command, "list", *options_of(parameters))
    assert told(api, path, parameters)["items"] == listed
    assert bool(listed) is ("until" not in parameters)


@pytest.mark.parametrize("command", ["deliveries", "changes", "runs"])
def test_one_thing_is_the_same(asked: Relay, api: RunningReceiver, things: Database, command: str) -> None:
    found = ids_of(things)[command]
    assert told(api, f"{command}/{found}") == printed(asked, command, "show", found)


def test_an_explanation_is_the_same(asked: Relay, api: RunningReceiver, things: Database) -> None:
    found = ids_of(things)["changes"]
    assert told(api, f"changes/{found}/explanation") == printed(asked, "changes", "explain", found)


@pytest.mark.parametrize(
    ("command", "filters"),
    [
        ("deliveries", {"account", "app", "record", "status"}),
        ("changes", {"account", "app", "record", "kind", "origin", "rule", "missed"}),
        (
            "runs",
            {"account", "app", "record", "rule", "handler", "change", "status", "error_contains"}
            | {"since", "until"},
        ),
        ("webhooks", {"account", "app", "status"}),
        ("alarms", {"all"}),
    ],
)
def test_it_has_the_filters_of_the_command(
    relay: Relay, api: RunningReceiver, command: str, filters: set[str]
) -> None:
    path = "registrations" if command == "webhooks" else command
    operation = told(api, "openapi.json")["paths"][f"/api/v1/{path}"]["get"]
    assert {each["name"] for each in operation["parameters"]} == filters | {"limit", "cursor"}
    shown = relay(command, "list", "--help").stdout
    options = {
        word.strip("│ ").split()[0] for word in shown.splitlines() if word.strip("│ ").startswith("--")
    }
    ours = {f"--{name.replace('_', '-')}" for name in filters | {"limit"}}
    assert options - {"--json", "--help"} == ours
