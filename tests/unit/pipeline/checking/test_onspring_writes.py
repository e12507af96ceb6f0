"""What handlers write to Onspring, against the apps that they write to: the mistakes that people make."""

from itertools import takewhile

import pytest

from service.onspring.definitions import AppFields as OnspringFields
from service.onspring.models import App as OnspringApp
from service.onspring.models import AppField, FormulaField, ListField, ReferenceField
from service.pipeline.accounts.describing import describe
from service.pipeline.checking.mapping import fields_of
from service.pipeline.checking.writes import check_writes
from service.rules.known_fields import AccountApps
from service.rules.loader import parse
from tests.fixtures.relay_yaml import ENV
from tests.fixtures.source import ROOT

PAGE = ROOT / "docs" / "guide" / "onspring.md"

USERS, TASKS = 2, 195
_STATUSES = [{"id": f"4118d53a-9121-4345-8682-07f23d606da{n}", "name": each} for n, each in enumerate("abc")]
_STATUSES += [
    {"id": "4118d53a-9121-4345-8682-07f23d606dad", "name": "In Progress"},
    {"id": "4118d53a-9121-4345-8682-07f23d606dae", "name": "Done"},
    {"id": "4118d53a-9121-4345-8682-07f23d606dba", "name": "Complete"},
]
_TASK_FIELDS = [
    AppField(id=6983, name="Name", type="Text"),
    AppField(id=6985, name="Due Date", type="Date"),
    ListField(id=6986, name="Status", type="List", multiplicity="SingleSelect", values=_STATUSES),
    ReferenceField(id=6987, name="Owner", type="Reference", referenced_app_id=USERS),
    AppField(id=6988, name="Twin", type="Text"),
    AppField(id=6989, name="Attachments", type="Attachment"),
    AppField(id=6992, name="Estimate", type="Number"),
    FormulaField(id=6994, name="Summary", type="Formula"),
    ListField(id=6995, name="Tags", type="List", multiplicity="MultiSelect", values=_STATUSES),
    AppField(id=6998, name="Twin", type="Text"),
    AppField(id=6978, name="Last Modified Date", type="Date"),
    AppField(id=6999, name="Reminder", type="TimeSpan"),
]
_USER_FIELDS = [
    AppField(id=33, name="Email Address", type="Text"),
    AppField(id=36, name="Groups", type="Reference"),
]
_MODIFIED = {6978: "last_modified"}


def known(*, complete: bool = True) -> AccountApps:
    described = [
        describe(
            OnspringApp(id=TASKS, name="Tasks"),
            OnspringFields(TASKS, {each.id: each for each in _TASK_FIELDS}),
            _MODIFIED,
        ),
        describe(
            OnspringApp(id=USERS, name="Users"),
            OnspringFields(USERS, {each.id: each for each in _USER_FIELDS}),
            {},
        ),
        *(describe(OnspringApp(id=app_id, name="Twins"), None, {}) for app_id in (7, 8)),
    ]
    return AccountApps({app.id: fields_of(app) for app in described}, complete=complete)


def told(handler: str, *, apps: AccountApps | None = None) -> list[str]:
    """What is said of a handler, as people read it, without the file's name and once."""
    text = (
        'version: 1\naccounts:\n  main: {provider: fusioo, token: "${T}"}\n'
        '  grc: {provider: onspring, token: "${T}", base_url: https://o.test}\n'
        f"handlers:\n  h: {{{handler}}}\n"
        "rules:\n  - {name: r, account: main, app: ia4f42, run: [h]}\n"
    )
    configuration = parse(text, "relay.yaml", ENV)
    findings = [each.finding for each in check_writes(configuration, {"grc": apps or known()})]
    return [str(each).partition(":")[2] for each in configuration.invalid(findings).problems]


def upsert(fields: str = "{6983: x}", *, key: str = "{6983: x}", app: str = "195", more: str = "") -> str:
    return f"onspring.upsert: {{account: grc, app: {app}, key: {key}, fields: {fields}{more}}}"


def attach(field: str) -> str:
    return f"onspring.attach: {{account: grc, app: Tasks, key: {{6983: x}}, field: {field}, files: x}}"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (
            upsert(app="Taks"),
            "6:44: the token sees no app of the id or exact name `Taks` (did you mean `Tasks`?)",
        ),
        (upsert(app="Twins"), "6:44: 2 apps are called `Twins` (write the id of one: 7 or 8)"),
        (
            upsert(key="{Nmae: x}"),
            "6:55: app Tasks has no field `Nmae` that the key may see (did you mean `Name`?)",
        ),
        (
            upsert(key="{Owner: x}"),
            "6:55: Onspring finds no record by `Owner`, which holds ids of linked records (choose a field of",
        ),
        (
            upsert(key="{Status: Dnoe}"),
            "6:63: 'Dnoe' is not one of the values of the list of `Status` (did you mean `Done`?)",
        ),
        (upsert("{6984: x}"), "6:74: app Tasks has no field `6984` that the key may see (did you mean"),
        (
            upsert("{status: Done}"),
            "6:74: app Tasks has no field `status` that the key may see (did you mean",
        ),
        (
            upsert("{Twin: x}"),
            "6:74: 2 fields of app Tasks are called `Twin` (write the id: 6988 or 6998)",
        ),
        (upsert("{Summary: x}"), "6:74: Onspring sets `Summary` itself (leave it out)"),
        (
            upsert("{Last Modified Date: '2026-01-01'}"),
            "6:74: Onspring sets `Last Modified Date` itself (leave it out)",
        ),
        (
            upsert("{Attachments: x}"),
            "6:74: `Attachments` holds files (write a handler `onspring.attach` for it)",
        ),
        (
            upsert("{6986: Dnoe}"),
            "6:80: 'Dnoe' is not one of the values of the list of `6986` (did you mean `Done`?)",
        ),
        (
            upsert("{Tags: [Done, Dnoe]}"),
            "6:87: 'Dnoe' is not one of the values of the list of `Tags` (did you mean `Done`?)",
        ),
        (upsert("{Status: [Done, a]}"), "6:82: `Status` takes one value, and here are 2"),
        (
            upsert("{Estimate: many}"),
            "6:84: `Estimate` holds numbers, and 'many' is none (write a number, like 1000)",
        ),
        (upsert("{Due Date: soon}"), "6:84: `Due Date` holds dates, and 'soon' is none (write one like"),
        (upsert("{Owner: Lauren}"), "6:81: `Owner` holds ids of linked records, and 'Lauren' is no id"),
        (
            upsert("{Name: {reference: {app: Users, by: {33: x}}}}"),
            "6:81: `Name` holds text, and refers to no records",
        ),
        (
            upsert("{Owner: {reference: {app: Tasks, by: {Name: x}}}}"),
            "6:99: `Owner` refers to records of app Users (2), not of Tasks (195) (write app: 2)",
        ),
        (
            upsert("{Owner: {reference: {app: Users, by: {Email: x}}}}"),
            "6:111: app Users has no field `Email` that the key may see (",
        ),
        (
            upsert("{Owner: {reference: {by: {Email: x}}}}"),
            "6:99: app Users has no field `Email` that the key may see (",
        ),
        (
            upsert("{Owner: {reference: {app: Uesrs, by: {33: x}}}}"),
            "6:99: the token sees no app of the id or exact name `Uesrs` (did you mean `Users`?)",
        ),
        (
            "onspring.delete: {account: grc, app: 195, key: {Nmae: x}}",
            "6:55: app Tasks has no field `Nmae`",
        ),
        (attach("Name"), "6:74: `Name` holds text, and no files (write `Attachments`)"),
        (
            attach("Atachments"),
            "6:74: app Tasks has no field `Atachments` that the key may see (did you mean",
        ),
    ],
)
def test_what_would_be_refused_is_named_at_its_place(handler: str, expected: str) -> None:
    (problem,) = told(handler)
    assert problem.startswith(expected), problem


@pytest.mark.parametrize(
    "handler",
    [
        upsert(),
        upsert(app="Tasks", key="{Name: '{{ record.id }}', Due Date: '2026-01-01', Estimate: 5, Tags: Done}"),
        upsert("{Status: in progress, Tags: [Done, a], Owner: 4, Estimate: '5', Due Date: null}"),
        upsert("{Status: [Done], 6985: 2026-01-01T00:00:00Z, Owner: [4], Name: 5, Reminder: {quantity: 1}}"),
        upsert("{Status: 4118d53a-9121-4345-8682-07f23d606daf, Name: ''}"),
        upsert("{Status: New, Tags: [Newer]}", more=", create_values: true"),
        upsert('{Status: "{{ record.x }}", Tags: ["{{ record.x }}"], Owner: "{{ record.y }}"}'),
        upsert("{Owner: {reference: {app: Users, by: {Email Address: '{{ record.mail }}'}}}}"),
        upsert("{Owner: {reference: {by: {33: '{{ record.mail }}'}}}}"),
        "onspring.delete: {account: grc, app: Tasks, record: '{{ record.x }}'}",
        attach("Attachments"),
        attach("6989"),
    ],
)
def test_what_could_be_taken_passes(handler: str) -> None:
    assert told(handler) == []


@pytest.mark.parametrize("handler", [upsert(app="Taks"), upsert("{whatever: 1}", app="7")])
def test_what_is_not_known_is_not_judged(handler: str) -> None:
    apps = known(complete=False)
    assert told(handler, apps=apps) == []
    assert told(handler, apps=AccountApps()) == []


def rows_of_the_page() -> list[tuple[str, str, str]]:
    """The page's table: the option, what stands behind it, and what is said."""
    lines = PAGE.read_text().partition("| in the file | what is said |")[2].splitlines()[2:]
    rows = takewhile(lambda line: line.startswith("|"), lines)
    cells = [row.strip("|").split("|") for row in rows]
    return [(*_option(written.strip().strip("`")), said.strip()) for written, said in cells]


def _option(written: str) -> tuple[str, str]:
    option, _, value = written.partition(": ")
    return option, value.replace("…", "x")


@pytest.mark.parametrize(("option", "value", "said"), rows_of_the_page())
def test_the_page_says_what_the_relay_says(option: str, value: str, said: str) -> None:
    handler = {"app": upsert(app=value), "key": upsert(key=value), "fields": upsert(value)}[option]
    (problem,) = told(handler)
    assert said in problem


def test_the_page_has_examples() -> None:
    assert len(rows_of_the_page()) >= 6
