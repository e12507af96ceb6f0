"""Onspring's apps as the relay describes them, and rules checked against that."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.dev.simulators.onspring import example
from service.fusioo.computed import computed_in_schema
from service.fusioo.link_targets import targets_in_schema
from service.fusioo.models import App
from service.onspring.definitions import Definitions
from service.onspring.presenter import Presenter
from service.pipeline.accounts.onspring_apps import described_apps
from service.pipeline.checking.mapping import described, known_apps
from service.registrations.listings import Listing
from service.rules.account import Stamps
from service.rules.app_checks import check_rules
from service.rules.loader import parse
from tests.fixtures.onspring_client import KEY, client_of

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
FILE = """\
version: 1
accounts:
  grc: {provider: onspring, token: "${KEY}", base_url: "https://onspring.test"}
handlers: {note: {log: {}}}
rules:
  - {name: one, account: grc, app: %s, run: [note], %s}
"""


async def listed(meant: list[str] | None = None, *, steps: int = 2) -> dict[str, App]:
    state = example.example_state(key=KEY)
    async with client_of(state) as client:
        presenter = Presenter(Definitions(), Stamps().model_dump())
        return {app.id: app for app in await described_apps(client, presenter, meant=meant, steps=steps)}


async def test_fields_are_described_in_the_relays_words() -> None:
    tasks = (await listed())["195"]
    by_id = {field.id: field for field in tasks.fields}
    assert {field.id: field.type for field in tasks.fields if field.id.isdecimal()} == {
        "6976": "auto_number",
        "6983": "text",
        "6984": "text",
        "6985": "date_time",
        "6986": "list",
        "6987": "app_link",
        "6989": "file",
        "6990": "file",
        "6991": "list",
        "6992": "number",
        "6993": "time_span",
        "6994": "formula",
        "6995": "app_link",
        "6996": "text",
    }
    assert by_id["6986"].items == ("In Progress", "Complete", "Not Started")
    assert (by_id["6986"].allow_multiple, by_id["6991"].allow_multiple) == (False, True)
    assert by_id["created"].name == "Created Date"
    unset = [field.id for field in tasks.fields if not field.can_update]
    assert sorted(unset) == ["6976", "6994", "created", "created_by", "last_modified", "last_modified_by"]
    assert by_id["6983"].is_required


async def test_what_settling_asks_of_a_schema_is_answered() -> None:
    tasks = described((await listed())["195"])
    assert computed_in_schema(tasks) == {"6976", "6994", "created", "last_modified"}
    users = str(example.USERS)
    assert targets_in_schema(tasks) == {
        "6987": users,
        "6995": users,
        "created_by": users,
        "last_modified_by": users,
    }


@pytest.mark.parametrize(
    ("meant", "steps", "with_fields"),
    [
        (["Tasks"], 0, {"195"}),
        (["195"], 2, {"195", "2"}),
        (["Groups", "nowhere"], 1, {"3", "2"}),
        ([], 2, set()),
        (None, 0, {"195", "2", "3"}),
    ],
)
async def test_fields_are_asked_for_of_the_apps_that_are_meant_and_those_near_to_them(
    meant: list[str] | None, steps: int, with_fields: set[str]
) -> None:
    apps = await listed(meant, steps=steps)
    assert set(apps) == {"2", "3", "195"}
    assert {app_id for app_id, app in apps.items() if app.fields} == with_fields


async def wrong_in(app: str, asked: str) -> list[str]:
    configuration = parse(FILE % (app, asked), "relay.yaml", {"KEY": KEY})
    apps: list[Any] = [described(each) for each in (await listed()).values()]
    found = check_rules(configuration.rules, known_apps({"grc": Listing(apps, NOW)}, []))
    return [str(each) for each in configuration.invalid(each.finding for each in found.findings).problems]


@pytest.mark.parametrize("app", ["195", "Tasks", '"195"'])
@pytest.mark.parametrize(
    "asked",
    [
        "when: {6986: {contains_any: [In Progress, Complete]}}",
        "when: {6985: {less_than: 2024-01-01}, created: {within_previous: 3}}",
        'when: {"6987.36": {equal: TestUser}}',
        "changed: [6986, 6983]",
        "changed: {6986: {from: In Progress, to: Complete}}",
        "expand: [6987, created_by]",
    ],
)
async def test_rules_name_fields_by_their_ids(app: str, asked: str) -> None:
    assert await wrong_in(app, asked) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("changed: [Status]", "`Status` is the name of a field of Tasks, and rules name fields by ids"),
        ("changed: [Status]", "write `6986`"),
        ("changed: [6985, Created Date]", "write `created`"),
        ("when: {6977: {has_no_value: true}}", "app Tasks has no field `6977`"),
        ("when: {6986: {equal: Done}}", "Done"),
        ("when: {6992: {contains: a}}", "numbers"),
        ("expand: [6983]", "6983"),
    ],
)
async def test_what_does_not_fit_is_told(asked: str, said: str) -> None:
    assert any(said in each for each in await wrong_in("Tasks", asked))
