"""`relay apps` against a simulated Onspring."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.dev.simulators.onspring.access import ApiKey
from service.dev.simulators.onspring.example import TASKS, USERS
from tests.fixtures.command import Relay
from tests.fixtures.onspring_simulator import RunningOnspring, onspring_in_thread

FILE = 'version: 1\naccounts:\n  grc: {provider: onspring, token: "${KEY}", base_url: "${URL}"}\n'


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
def configured(
    relay: Relay, onspring: RunningOnspring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """The command with a relay.yaml of one account, without a database."""
    (tmp_path / "relay.yaml").write_text(FILE)
    monkeypatch.setenv("KEY", onspring.key)
    monkeypatch.setenv("URL", onspring.url)
    return relay


def test_apps_are_listed_by_name(configured: Relay, onspring: RunningOnspring) -> None:
    result = configured("apps")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["ID", "NAME", "RECORD", "FIELDS"]
    fields = len(onspring.state.fields_of(TASKS))
    assert rows[1:] == [["3", "Groups", "2"], ["195", "Tasks", str(fields)], ["2", "Users", "2"]]


@pytest.mark.parametrize("reference", ["Tasks", "195"])
def test_one_app_is_shown_with_types_and_options(
    configured: Relay, onspring: RunningOnspring, reference: str
) -> None:
    result = configured("apps", reference)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = {line.split()[0]: line.rstrip() for line in result.stdout.splitlines() if line}
    assert lines["Tasks"] == "Tasks (195)"
    assert lines["6983"].split()[:5] == ["6983", "Name", "text", "yes", "yes"]
    assert lines["6986"].endswith("In Progress, Complete, Not Started; one")
    assert lines["6987"].endswith("one; app_id: 2")
    assert lines["created"].split() == ["created", "Created", "Date", "date_time", "no"]
    assert len(onspring.calls_of("GET", "/Fields")) == 1


def test_json_is_the_form_of_all_providers(configured: Relay) -> None:
    tasks = json.loads(configured("apps", "Tasks", "--json").stdout)
    assert (tasks["id"], tasks["name"]) == ("195", "Tasks")
    status = next(field for field in tasks["fields"] if field["id"] == "6986")
    assert status["options"] == {"items": ["In Progress", "Complete", "Not Started"], "allow_multiple": False}


def test_an_app_whose_fields_the_role_may_not_read_is_listed_without(
    configured: Relay, onspring: RunningOnspring
) -> None:
    onspring.state.keys[onspring.key] = ApiKey("reader", apps={USERS: {"read"}})
    assert [app["name"] for app in json.loads(configured("apps", "--json").stdout)] == ["Users"]


def test_a_key_that_is_not_accepted_is_one_line(configured: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "not-a-key-of-theirs")
    result = configured("apps")
    assert result.exit_code == 1
    assert "the API key is not accepted" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "not-a-key-of-theirs" not in result.output
