"""What a check makes of what a provider said of its apps; and that our own examples fit theirs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.dev.simulators.fusioo.example_apps import clients_app, tasks_app
from service.pipeline.checking.differences import differences
from service.pipeline.checking.mapping import known_apps, read_app
from service.registrations.listings import AppliedApp, Listing
from service.rules.app_checks import check_rules
from service.rules.known_fields import AccountApps, FieldKind
from service.rules.loader import parse
from tests.fixtures.source import ROOT

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
APPS: list[dict[str, Any]] = [
    {"id": app.id, "name": app.name, "fields": [field.to_json() for field in app.fields]}
    for app in (tasks_app(), clients_app())
]


def one_app(fields: list[dict[str, Any]]) -> AccountApps:
    return known_apps({"main": Listing([{"id": "a", "name": "A", "fields": fields}], NOW)}, [])["main"]


@pytest.mark.parametrize(
    ("field_type", "kind"),
    [
        ("text", FieldKind.TEXT),
        ("multiline_text", FieldKind.TEXT),
        ("number", FieldKind.NUMBER),
        ("date", FieldKind.TIME),
        ("date_time", FieldKind.TIME),
        ("date_range", FieldKind.ANY),
        ("list", FieldKind.OPTIONS),
        ("user_link", FieldKind.NAMES),
        ("app_link", FieldKind.LINKS),
        ("file", FieldKind.FILES),
        ("boolean", FieldKind.FLAG),
        ("formula", FieldKind.ANY),
        ("auto_number", FieldKind.ANY),
        ("a type of tomorrow", FieldKind.ANY),
    ],
)
def test_kinds_of_fields(field_type: str, kind: FieldKind) -> None:
    known = one_app([{"id": "f", "name": "F", "type": field_type, "options": {"items": ["x"]}}])
    field = known.apps["a"].fields["f"]
    assert (field.kind, field.options) == (kind, ("x",) if kind is FieldKind.OPTIONS else ())
    assert known.apps["a"].fields["created"].kind is FieldKind.TIME, "what every record has"


def test_links_lead_to_other_apps() -> None:
    tasks = known_apps({"main": Listing(APPS, NOW)}, [])["main"].apps["ia4f42"]
    assert tasks.fields["client"].leads_to == "i502fb"
    assert tasks.fields["status"].options == ("To do", "In progress", "Done")


def test_of_an_account_that_was_never_listed_only_applied_apps_are_known() -> None:
    applied = [AppliedApp("main", "ia4f42", "Tasks (old)", APPS[0], NOW)]
    known = known_apps({}, applied)["main"]
    assert (set(known.apps), known.applied, known.complete) == ({"ia4f42"}, {"ia4f42": "Tasks (old)"}, False)
    assert known.meant("Tasks (old)") == known.meant("Tasks") == ("ia4f42",)


def test_what_can_not_be_read_says_nothing() -> None:
    known = known_apps({"main": Listing([{"name": "without an id"}, *APPS], NOW)}, [])["main"]
    assert set(known.apps) == {"ia4f42", "i502fb"}
    assert one_app([]).apps["a"].fields == {}, "a token that sees no field"


def test_an_app_that_is_the_same_differs_in_nothing() -> None:
    app = read_app(APPS[0])
    assert app is not None
    assert differences(app, app).told() == {}


def test_our_example_fits_the_example_apps() -> None:
    path = ROOT / "service" / "dev" / "example" / "relay.yaml"
    env = {"FUSIOO_TOKEN": "t", "FUSIOO_BASE_URL": "http://127.0.0.1:8010/v3"}
    configuration = parse(path.read_text(), "relay.yaml", env)
    found = check_rules(configuration.rules, known_apps({"main": Listing(APPS, NOW)}, []))
    assert (found.findings, found.unchecked) == ((), ())
    assert configuration.rules
