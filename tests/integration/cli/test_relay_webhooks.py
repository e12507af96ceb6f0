"""`relay webhooks`: the plan, the exit codes, what is asked first, and webhooks that a person sets up."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from service.sealing import SecretBox
from tests.fixtures.command import Relay
from tests.fixtures.database import Database
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.typing_people import at_a_terminal

KEY = "k" * 32
TASKS, CLIENTS = "ia4f42", "i502fb"
PUBLIC = "http://127.0.0.1:9/base"
BOTH = ("Tasks", "Clients")


def write_rules(simulator: RunningSimulator, *apps: str, other: bool = False) -> None:
    rules = "".join(
        f"  - {{name: r{number}, account: main, app: {app}, run: [note]}}\n"
        for number, app in enumerate(apps)
    )
    Path("relay.yaml").write_text(
        "version: 1\n"
        "accounts:\n"
        f'  main: {{provider: fusioo, token: "${{FUSIOO_TOKEN}}", base_url: "{simulator.url}"}}\n'
        + (
            f'  other: {{provider: fusioo, token: "${{OTHER_TOKEN}}", base_url: "{simulator.url}"}}\n'
            if other
            else ""
        )
        + "handlers: {note: {log: {}}}\n"
        f"rules: {'' if rules else '[]'}\n{rules}"
    )


@pytest.fixture
def webhooks(
    relay: Relay, database: Database, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> Relay:
    """`relay webhooks …`, with rules for the app Tasks."""
    for name, value in {
        "DATABASE_URL": database.url,
        "RELAY_SECRET_KEY": KEY,
        "RELAY_PUBLIC_URL": PUBLIC,
        "FUSIOO_TOKEN": simulator.token,
        "OTHER_TOKEN": "wrong",
    }.items():
        monkeypatch.setenv(name, value)
    write_rules(simulator, "Tasks")
    return lambda *arguments, **more: relay("webhooks", *arguments, **more)


@pytest.fixture
def applied(webhooks: Relay) -> Relay:
    result = webhooks("apply")
    assert (result.exit_code, result.stderr) == (0, "")
    return webhooks


def objects(result: Any) -> list[Any]:
    found: list[Any] = json.loads(result.stdout)
    return found


def test_a_plan_changes_nothing_and_exits_3(
    webhooks: Relay, database: Database, simulator: RunningSimulator
) -> None:
    result = webhooks("plan", "--account", "main")
    assert (result.exit_code, result.stderr) == (3, "")
    assert "  + Tasks  create  create: no webhook tells of it yet\n" in result.stdout
    assert "  3 to create.\n`relay webhooks apply` does this.\n" in result.stdout
    assert not simulator.state.webhooks
    for table in ("registrations", "apps", "app_listings"):
        assert database.execute(f"SELECT * FROM {table}") == []


def test_nothing_to_do_is_said_and_exits_0(applied: Relay) -> None:
    result = applied("plan", "--account", "main")
    assert (result.exit_code, result.stdout) == (0, "Account main:\n  3 as they should be.\n")
    shown = applied("plan", "--account", "main", "--verbose").stdout
    assert shown.count("keep: as it should be") == 3
    found = objects(applied("plan", "--account", "main", "--json"))
    assert [(each["step"], each["app_name"], each["differences"]) for each in found] == [
        ("keep", "Tasks", [])
    ] * 3


def test_drift_is_shown_from_what_to_what(applied: Relay, simulator: RunningSimulator) -> None:
    first, second, _ = simulator.state.webhooks.values()
    right, first.url = first.url, "https://moved.example.com/hook"
    del simulator.state.webhooks[second.id]
    result = applied("plan")
    assert result.exit_code == 3
    assert re.search(
        r"~ Tasks +create +patch: its URL was changed at the provider\n +url: (.*)\n", result.stdout
    )
    assert f"url: https://moved.example.com/hook → {right}" in result.stdout
    assert "1 to create, 1 to change, 1 as they should be." in result.stdout
    (patched,) = [each for each in objects(applied("plan", "--json")) if each["step"] == "patch"]
    assert patched["differences"] == [
        {"what": "url", "before": "https://moved.example.com/hook", "after": right}
    ]
    assert (patched["webhook_id"], patched["kind"]) == (first.id, "create")
    done = applied("apply").stdout
    assert "main  Tasks  create: changed at the provider\n" in done
    assert applied("plan").exit_code == 0


def test_an_account_that_fails_is_told_and_stops_no_other(
    webhooks: Relay, simulator: RunningSimulator
) -> None:
    write_rules(simulator, "Tasks", other=True)
    result = webhooks("plan")
    assert (result.exit_code, result.stdout.count("to create")) == (1, 1)
    assert "the token is not accepted" in result.stderr
    assert "wrong" not in result.stderr
    result = webhooks("apply", "--json")
    assert (result.exit_code, len(objects(result))) == (1, 3)
    assert len(simulator.state.webhooks) == 3


def test_webhooks_of_others_are_counted_and_left_alone(applied: Relay, simulator: RunningSimulator) -> None:
    far = simulator.state.add_webhook("https://elsewhere.example/secret-path", TASKS, on_create=True)
    near = simulator.state.add_webhook(f"{PUBLIC}/webhooks/fusioo/another", TASKS, on_update=True)
    result = applied("plan")
    assert result.exit_code == 0
    assert "  3 as they should be, 2 of others, left alone.\n" in result.stdout
    assert result.stdout.count("foreign: ") == 1
    assert "leads to this relay" in result.stdout
    assert applied("plan", "--verbose").stdout.count("foreign: ") == 2
    listed = applied("plan", "--json").stdout
    assert {each["webhook_id"] for each in json.loads(listed) if each["step"] == "foreign"} == {
        far.id,
        near.id,
    }
    assert "secret-path" not in listed
    assert applied("apply", "--prune", "--yes").exit_code == 0
    assert {far.id, near.id} <= simulator.state.webhooks.keys()


def test_what_no_rule_wants_goes_only_when_it_is_said_twice(
    applied: Relay, simulator: RunningSimulator, database: Database
) -> None:
    write_rules(simulator, "Clients")
    result = applied("plan")
    assert result.exit_code == 3
    assert "3 to create, 3 that no rule wants." in result.stdout
    applied("apply")
    assert len(simulator.state.webhooks) == 6
    refused = applied("apply", "--prune")
    assert refused.exit_code == 1
    assert "3 that no rule wants would be deleted at the provider of main; --yes does it" in refused.stdout
    refused = applied("apply", "--prune", "--json")
    assert (refused.exit_code, objects(refused)) == (1, [])
    assert "--yes does it" in refused.stderr
    assert len(simulator.state.webhooks) == 6
    done = applied("apply", "--prune", "--yes", "--json")
    assert sorted(each["step"] for each in objects(done)) == ["keep"] * 3 + ["prune"] * 3
    assert {webhook.app_id for webhook in simulator.state.webhooks.values()} == {CLIENTS}
    assert database.execute("SELECT DISTINCT status, app_id FROM registrations ORDER BY 1") == [
        ("active", CLIENTS),
        ("deleted", TASKS),
    ]
    assert applied("plan").exit_code == 0


@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(("answer", "left"), [("n", 3), ("y", 0)])
def test_at_a_terminal_it_asks(
    simulator: RunningSimulator,
    tmp_path: Path,
    answer: str,
    left: int,
) -> None:
    write_rules(simulator)
    variables = {name: value for name, value in os.environ.items() if name.startswith(("RELAY", "DATABASE"))}
    variables |= {"FUSIOO_TOKEN": simulator.token}
    with at_a_terminal("webhooks", "apply", "--prune", directory=tmp_path, environment=variables) as person:
        person.sees("3 that no rule wants would be deleted at the provider of main. Do it?")
        person.types(answer)
        assert person.ends() == (0 if answer == "y" else 1)
    assert "Tasks  create  prune: no rule wants it" in person.shown
    assert len(simulator.state.webhooks) == left


def test_rotation_replaces_and_says_until_when(
    applied: Relay, simulator: RunningSimulator, database: Database
) -> None:
    old = set(simulator.state.webhooks)
    result = applied("rotate", "--account", "main", "--app", "Tasks", "--kind", "update")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "main  Tasks  update: replaced; the old one goes on for a while\n" in result.stdout
    assert re.search(
        r"accepted until 20\d\d-\d\d-\d\d [\d:]{8} UTC; then `relay webhooks apply`", result.stdout
    )
    assert len(simulator.state.webhooks) == 4
    assert old <= simulator.state.webhooks.keys()
    (leaving,) = objects(applied("list", "--status", "retiring", "--json"))
    assert leaving["webhook_id"] in old
    assert leaving["retire_at"] in applied("plan", "--verbose").stdout
    assert applied("plan").exit_code == 0
    database.execute("UPDATE registrations SET retire_at = now() WHERE retire_at IS NOT NULL")
    result = applied("plan")
    assert (result.exit_code, "- Tasks  update  expire: " in result.stdout) == (3, True)
    assert "the old one deleted" in applied("apply").stdout
    assert leaving["webhook_id"] not in simulator.state.webhooks
    assert len(simulator.state.webhooks) == 3


def test_rotation_of_all_in_json(applied: Relay, simulator: RunningSimulator) -> None:
    assert [each["step"] for each in objects(applied("rotate", "--json"))] == ["rotate"] * 3
    assert len(simulator.state.webhooks) == 6


def test_rotation_of_nothing_is_an_error(applied: Relay, simulator: RunningSimulator) -> None:
    write_rules(simulator, *BOTH, other=True)
    result = applied("rotate", "--kind", "update", "--account", "other")
    assert (result.exit_code, "is meant by that" in result.stderr) == (1, True)
    assert applied("rotate", "--account", "nobody").exit_code == 1
    assert applied("rotate", "--app", "Clients").exit_code == 1
    assert len(simulator.state.webhooks) == 3


def opened(database: Database) -> list[tuple[str, str | None, bool, str]]:
    """Status, kind, whether a person made it, and the secret, of each live registration by hand."""
    return [
        (status, kind, manual, SecretBox(KEY).open(bytes(sealed)))
        for status, kind, manual, sealed in database.execute(
            "SELECT status, kind, manual, sealed FROM registrations JOIN registration_secrets"
            " ON registration_id = registrations.id WHERE manual AND retired_at IS NULL ORDER BY 1, 2"
        )
    ]


def test_a_webhook_that_a_person_sets_up(
    applied: Relay, simulator: RunningSimulator, database: Database
) -> None:
    result = applied("add", "main", "Tasks", "--kind", "update", typed="sesame\n")
    assert (result.exit_code, result.stderr) == (0, "")
    (url,) = re.findall(rf"^  ({re.escape(PUBLIC)}/webhooks/fusioo/\S{{43}})$", result.stdout, re.MULTILINE)
    assert "sesame" not in result.stdout
    assert opened(database) == [("active", "update", True, "sesame")]
    (mine,) = [each for each in objects(applied("list", "--json")) if each["manual"]]
    assert (mine["url"], mine["app_name"], mine["status"]) == (url, "Tasks", "active")
    assert "hand" in applied("list").stdout
    simulator.state.add_webhook(
        url, TASKS, on_update=True
    )  # had it been made over the API: ours all the same
    write_rules(simulator)
    assert applied("apply", "--prune", "--yes").exit_code == 0
    assert "of others" not in applied("plan").stdout
    assert [webhook.url for webhook in simulator.state.webhooks.values()] == [url]
    assert opened(database) == [("active", "update", True, "sesame")]


def test_without_a_kind_and_for_an_app_that_no_rule_names(webhooks: Relay, database: Database) -> None:
    result = webhooks("add", "main", CLIENTS, "--json", typed="sesame")
    assert result.exit_code == 0
    made = json.loads(result.stdout)
    assert (made["account"], made["kind"]) == ("main", None)
    assert made["url"] in result.stderr
    assert opened(database) == [("active", None, True, "sesame")]
    assert database.execute("SELECT app_id, name FROM apps") == [(CLIENTS, "Clients")]
    assert "any" in webhooks("list").stdout


@pytest.mark.parametrize("secret", ["", "\n", "two words\n", "über\n", "x" * 1025])
def test_what_is_no_secret_leaves_it_to_be_gone_on_with(
    webhooks: Relay, database: Database, secret: str
) -> None:
    failed = webhooks("add", "main", "Tasks", typed=secret)
    assert (failed.exit_code, "that can't be the secret" in failed.stderr) == (1, True)
    ((key, status),) = database.execute("SELECT key, status FROM registrations")
    assert status == "creating"
    again = webhooks("add", "main", "Tasks", typed="sesame\n")
    assert again.exit_code == 0
    assert "since an earlier call" in again.stdout
    assert f"/webhooks/fusioo/{key}\n" in again.stdout
    assert opened(database) == [("active", None, True, "sesame")]
    webhooks("add", "main", "Tasks", typed="another\n")
    assert len(opened(database)) == 2


def test_another_address_meanwhile_is_the_one_that_is_shown(
    webhooks: Relay, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks("add", "main", "Tasks", typed="")
    monkeypatch.setenv("RELAY_PUBLIC_URL", "https://moved.example.com")
    assert "  https://moved.example.com/webhooks/" in webhooks("add", "main", "Tasks", typed="sesame").stdout
    ((url,),) = database.execute("SELECT url FROM registrations")
    assert url.startswith("https://moved.example.com/webhooks/fusioo/")


@pytest.mark.usefixtures("applied")
def test_the_secret_is_asked_for_at_a_terminal_and_not_shown(
    database: Database, simulator: RunningSimulator, tmp_path: Path
) -> None:
    variables = {name: value for name, value in os.environ.items() if name.startswith(("RELAY", "DATABASE"))}
    variables |= {"FUSIOO_TOKEN": simulator.token}
    with at_a_terminal(
        "webhooks", "add", "main", "Tasks", directory=tmp_path, environment=variables
    ) as person:
        person.sees("Secret (is not shown)")
        person.types("sesame", hidden=True)
        person.sees("Its deliveries are accepted now.")
        assert person.ends() == 0
    assert "sesame" not in person.shown
    assert opened(database) == [("active", None, True, "sesame")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "Tasks"], "there is no account nobody in the configuration; there are: main"),
        (["main", "Taks"], "did you mean `Tasks`"),
        (["main", "tasks"], "did you mean `Tasks`"),
    ],
)
def test_what_can_t_be_added_leaves_nothing(
    webhooks: Relay, database: Database, arguments: list[str], said: str
) -> None:
    result = webhooks("add", *arguments, typed="sesame")
    assert (result.exit_code, said in result.stderr) == (1, True)
    assert database.execute("SELECT * FROM registrations") == []


@pytest.mark.parametrize("column", ["id", "key", "url"])
def test_one_that_a_person_set_up_is_removed(webhooks: Relay, database: Database, column: str) -> None:
    webhooks("add", "main", "Tasks", typed="sesame")
    ((reference,),) = database.execute(f"SELECT {column}::text FROM registrations")
    refused = webhooks("remove", reference)
    assert (refused.exit_code, "--yes does it" in refused.stdout) == (1, True)
    assert len(opened(database)) == 1
    assert webhooks("remove", reference, "--yes").exit_code == 0
    assert opened(database) == []
    again = webhooks("remove", reference, "--yes")
    assert (again.exit_code, "no webhook has this id, key or URL" in again.stderr) == (1, True)


def test_one_of_apply_s_is_not_removed_so(applied: Relay, database: Database) -> None:
    ((key,), *_) = database.execute("SELECT key FROM registrations")
    result = applied("remove", key, "--yes")
    assert (result.exit_code, "was made by `relay webhooks apply`" in result.stderr) == (1, True)
    assert "no secret" not in result.stderr
    assert len(objects(applied("list", "--status", "active", "--json"))) == 3
