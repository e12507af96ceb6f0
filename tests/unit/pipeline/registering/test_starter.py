"""The first `relay.yaml`: right as it is, and right with every rule taken out of its comments."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.models import App
from service.pipeline.checking.mapping import fields_of
from service.pipeline.registering.starter import render_starter
from service.rules.app_checks import check_rules
from service.rules.changed import Transition
from service.rules.configuration import Configuration
from service.rules.known_fields import AccountApps
from service.rules.loader import parse

ENV = {"FUSIOO_TOKEN": "t", "FUSIOO_BASE_URL": "http://127.0.0.1:8010/v3", "OPS_SECRET": "s"}
COMMENTED = re.compile(r"^  # (?=- |  |ops:)", re.MULTILINE)
PRIORITIES = ["Low", "Normal", "High", "Critical"]


def app(*fields: dict[str, Any], name: str = "Tasks", app_id: str = "ia4f42") -> App:
    return App.model_validate({"id": app_id, "name": name, "fields": list(fields)})


def field(field_id: str, kind: str, **options: Any) -> dict[str, Any]:
    return {"id": field_id, "name": field_id, "type": kind, "options": options}


def chosen(*apps: App, base_url: str | None = None) -> Configuration:
    """The file with every rule taken out of its comment."""
    return parse(COMMENTED.sub("  ", render_starter(apps, base_url=base_url)), "relay.yaml", ENV)


TASKS = app(
    field("title", "text"),
    field("priority", "list", items=PRIORITIES),
    field("due", "date"),
    field("status", "list", items=["To do", "Done"]),
)


def test_as_it_is_it_has_an_account_a_handler_and_no_rule() -> None:
    started = parse(render_starter([TASKS]), "relay.yaml", {"FUSIOO_TOKEN": "t"})
    assert list(started.accounts) == ["main"]
    assert list(started.handlers) == ["note"]
    assert started.rules == ()
    assert started.accounts["main"].base_url == "https://api.fusioo.com/v3"


def test_the_token_and_the_base_url_are_variables() -> None:
    text = render_starter([TASKS], base_url="${FUSIOO_BASE_URL}")
    assert "token: ${FUSIOO_TOKEN} " in text
    assert parse(text, "relay.yaml", ENV).accounts["main"].base_url == ENV["FUSIOO_BASE_URL"]


def test_rules_use_the_apps_own_fields_and_options() -> None:
    watched, moved = chosen(TASKS).rules
    assert (watched.name, watched.app, watched.run) == ("tasks-priority", "ia4f42", ("note",))
    assert watched.when is not None
    assert watched.when.fields["priority"].written() == (("contains_any", ["High", "Critical"]),)
    assert moved.name == "tasks-status-changed"
    assert isinstance(moved.changed, dict)
    transition = moved.changed["status"]
    assert isinstance(transition, Transition)
    assert transition.written() == (("to", "Done"),)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("boolean", ("equal", True)),
        ("date", ("within_next", 7)),
        ("date_time", ("within_next", 7)),
        ("number", ("greater_than", 0)),
    ],
)
def test_a_condition_fits_the_type_of_its_field(kind: str, written: tuple[str, object]) -> None:
    watched, moved = chosen(app(field("a b", kind))).rules
    assert watched.when is not None
    assert watched.when.fields["a b"].written() == (written,)
    assert moved.changed == ("a b",)


def test_an_app_of_texts_or_of_nothing_gets_a_rule_too() -> None:
    assert [rule.changed for rule in chosen(app(field("title", "text"))).rules] == [("title",)]
    (every,) = chosen(app()).rules
    assert (every.name, every.when, every.changed) == ("tasks-every", None, None)


def test_apps_of_one_name_get_rules_of_their_own() -> None:
    rules = chosen(app(), app(app_id="i2"), app(name="42", app_id="i3")).rules
    assert [(rule.name, rule.app) for rule in rules] == [
        ("tasks-every", "ia4f42"),
        ("tasks-every-2", "i2"),
        ("app-42-every", "i3"),
    ]


def test_of_many_apps_some_are_shown_and_the_rest_counted() -> None:
    text = render_starter([app(app_id=f"i{number}") for number in range(13)])
    assert "And 3 more apps: `relay apps` lists them." in text
    assert len(parse(COMMENTED.sub("  ", text), "relay.yaml", ENV).rules) == 10


@pytest.mark.parametrize(
    "name", ["C#", "on", "a: b", "- x", "${X}", "Zeile\nzwei: 3", "\x07\x85bell", "ß “x”"]
)
def test_odd_words_stay_what_they_are(name: str) -> None:
    odd = app(field(name, "list", items=["x", name]), name=name)
    rules = chosen(odd).rules
    assert len(rules) == (1 if "${" in name else 2)
    if "${" not in name:
        assert rules[0].when is not None
        assert rules[0].when.fields[name].written() == (("contains_any", ["x", name]),)


@pytest.mark.parametrize("app_name", ["null", "Y", "On"])
def test_a_rule_s_name_is_no_word_of_yaml(app_name: str) -> None:
    assert [rule.name for rule in chosen(app(name=app_name)).rules] == [f"{app_name.lower()}-every"]
    watched, _ = chosen(app(field(app_name, "number"), name=":")).rules
    assert watched.name == f"app-{app_name.lower()}"


def test_an_option_that_looks_like_a_variable_is_none() -> None:
    watched, _ = chosen(app(field("status", "list", items=["a", "${X}"]))).rules
    assert watched.when is not None
    assert watched.when.fields["status"].written() == (("contains_any", ["a", "${X}"]),)


_FIELDS = st.builds(
    field,
    st.text(min_size=1),
    st.sampled_from(["text", "list", "boolean", "date", "number", "strange"]),
    items=st.lists(st.text()),
    allow_multiple=st.booleans(),
)
_IDS = st.from_regex(r"i[0-9a-f]{3,32}", fullmatch=True)


@given(
    st.lists(
        st.builds(
            lambda ids, name, fields: app(*fields, name=name, app_id=ids),
            _IDS,
            st.text(),
            st.lists(_FIELDS, unique_by=lambda each: each["id"]),
        ),
        unique_by=lambda each: each.id,
    )
)
def test_whatever_an_account_holds_the_file_is_right(apps: list[App]) -> None:
    assert parse(render_starter(apps), "relay.yaml", ENV).accounts
    configuration = chosen(*apps)
    known = AccountApps({each.id: fields_of(each) for each in apps}, complete=True)
    assert check_rules(configuration.rules, {"main": known}).findings == (), "and fits the apps"
