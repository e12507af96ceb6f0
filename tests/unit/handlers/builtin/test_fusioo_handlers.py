"""Handler kinds `fusioo.update`, `fusioo.create`, `fusioo.comment`: what is sent, and how an attempt ends."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.changes.types import Change, FieldDiff, Kind
from service.errors import RelayError
from service.fusioo.errors import ConcurrentRequestsError
from service.handlers.builtin.fusioo_comment import FUSIOO_COMMENT
from service.handlers.builtin.fusioo_create import FUSIOO_CREATE
from service.handlers.builtin.fusioo_update import FUSIOO_UPDATE
from service.handlers.kinds import HandlerDeps, HandlerKind, OptionError
from service.handlers.outcomes import outcome_of
from service.handlers.types import Discarded, Done, Failed, Outcome
from tests.fixtures.changes import a_change
from tests.fixtures.fusioo_client import client_over, enveloped
from tests.fixtures.handling import context, settings

ACCOUNTS = {"main": "fusioo", "second": "fusioo", "grc": "onspring"}
SUCCESS = enveloped({"id": "inew", "title": "t"})


class Fusioo:
    """Answers every call alike, except those whose path ends in a key of `answers`; keeps what was sent."""

    def __init__(self, answer: httpx2.Response = SUCCESS, **answers: httpx2.Response) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self._answer, self._answers = answer, answers

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v3")
        self.sent.append((request.method, path, json.loads(request.content) if request.content else None))
        return self._answers.get(path.rpartition("/")[2], self._answer)


async def attempt(
    kind: HandlerKind[Any], fusioo: Fusioo, options: dict[str, Any], *, of: Change | None = None
) -> Outcome:
    """One attempt as it ends: what was raised is judged as always."""
    given = kind.options.model_validate({"account": "main", **options})
    built = kind.build(given, settings(kind.name), HandlerDeps(Path(), accounts=ACCOUNTS))
    seen = of or a_change()
    try:
        return await built.call(seen, context(of=seen, fusioo=lambda *_: client_over(fusioo)))
    except RelayError as error:
        return outcome_of(error, timeout=timedelta(seconds=1))


async def test_an_update_sends_what_the_record_showed_otherwise() -> None:
    fusioo = Fusioo(enveloped({}))
    fields = {"status": ["Done"], "title": "Now {{ record.status[0] }}", "notes": None, "rank": 3}
    outcome = await attempt(FUSIOO_UPDATE, fusioo, {"fields": fields})
    assert outcome == Done({"record": "i59adb", "updated": ["rank", "title"]})
    assert fusioo.sent == [("PATCH", "/records/i59adb", {"title": "Now Done", "rank": 3})]


async def test_an_update_of_nothing_new_costs_no_call() -> None:
    fusioo = Fusioo()
    outcome = await attempt(FUSIOO_UPDATE, fusioo, {"fields": {"status": "Done", "title": "<p>Ünïcode</p>"}})
    assert outcome == Done({"record": "i59adb", "updated": ["title"]}), "HTML is sent as it is written"
    fusioo.sent.clear()
    assert await attempt(FUSIOO_UPDATE, fusioo, {"fields": {"status": "Done"}}) == Done(
        {"record": "i59adb", "updated": []}
    )
    assert fusioo.sent == []


def _merging(shown: dict[str, Any], **options: Any) -> tuple[Fusioo, dict[str, Any]]:
    fusioo = Fusioo(enveloped({}), other=enveloped({"id": "other", **shown}))
    return fusioo, {"record": "other", "fields": {"state": "{{ record.status[0] }}", "name": "N"}, **options}


@pytest.mark.parametrize(
    ("shown", "ended", "sent"),
    [
        ({"state": ["In progress"]}, {"updated": ["state"]}, [{"state": "Done"}]),
        ({"state": "Done"}, {"updated": []}, []),
        ({"state": "Blocked"}, {"updated": [], "left": ["state"]}, []),
    ],
)
async def test_an_update_that_follows_leaves_what_was_edited_there(
    shown: dict[str, Any], ended: dict[str, Any], sent: list[Any]
) -> None:
    fusioo, options = _merging(shown, merge="follow")
    assert await attempt(FUSIOO_UPDATE, fusioo, options) == Done({"record": "other", **ended})
    assert fusioo.sent[0] == ("GET", "/records/other", None)
    assert [body for _, _, body in fusioo.sent[1:]] == sent


async def test_an_update_that_leads_sends_what_was_edited_and_asks_nothing() -> None:
    fusioo, options = _merging({}, merge="lead")
    assert await attempt(FUSIOO_UPDATE, fusioo, options) == Done({"record": "other", "updated": ["state"]})
    assert fusioo.sent == [("PATCH", "/records/other", {"state": "Done"})]
    fusioo.sent.clear()
    nothing = a_change(diff={"due": FieldDiff(None, "2026-11-22")})
    outcome = await attempt(FUSIOO_UPDATE, fusioo, options, of=nothing)
    assert (outcome, fusioo.sent) == (Done({"record": "other", "updated": []}), [])


async def test_an_update_that_leads_looks_first_where_a_part_of_the_edit_is_ours() -> None:
    fusioo, options = _merging({"state": "Blocked"}, merge="lead")
    options["fields"]["name"] = "{{ record.title }}"
    mixed = a_change(
        diff={"title": FieldDiff("Old", "Ünïcode"), "status": FieldDiff(["In progress"], ["Done"])},
        echoed=frozenset({"status"}),
    )
    outcome = await attempt(FUSIOO_UPDATE, fusioo, options, of=mixed)
    assert outcome == Done({"record": "other", "updated": ["name"], "left": ["state"]})
    assert fusioo.sent[-1] == ("PATCH", "/records/other", {"name": "Ünïcode"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": {"a": "b"}, "merge": "lead"}, "merges into another record"),
        ({"record": "r", "fields": {"a": "{{ diff }}"}, "merge": "lead"}, "templates can't read diff"),
    ],
)
async def test_a_merge_needs_two_records_and_templates_of_one(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        await attempt(FUSIOO_UPDATE, Fusioo(), options)


@pytest.mark.parametrize(("account", "sent"), [("main", 0), ("second", 1)])
async def test_only_the_record_of_the_change_is_known_to_show_something(account: str, sent: int) -> None:
    fusioo = Fusioo(enveloped({}))
    await attempt(
        FUSIOO_UPDATE,
        fusioo,
        {"account": account, "record": "{{ change.record_id }}", "fields": {"status": ["Done"]}},
    )
    assert len(fusioo.sent) == sent


@pytest.mark.parametrize("link", [["c1"], "c1", {"id": "c1", "value": "Acme"}])
async def test_an_update_of_a_linked_record(link: Any) -> None:
    fusioo = Fusioo(enveloped({}))
    record = {"id": "i59adb", "client": link}
    options = {"record": "{{ record.client }}", "fields": {"state": "Won"}}
    await attempt(FUSIOO_UPDATE, fusioo, options, of=a_change(record=record))
    assert fusioo.sent == [("PATCH", "/records/c1", {"state": "Won"})]


@pytest.mark.parametrize(
    ("link", "outcome"),
    [
        ([], Discarded("`record` gives nothing")),
        (None, Discarded("`record` gives nothing")),
        (
            ["c1", "c2"],
            Failed("RefusedError: `record` gives 2 ids; choose one, like `record.client[0]`", dead=True),
        ),
        ([{}], Failed("RefusedError: `record` has null where the id of a record should be", dead=True)),
    ],
)
async def test_a_link_that_leads_to_no_record_or_to_several(link: Any, outcome: Outcome) -> None:
    fusioo = Fusioo()
    options = {"record": "{{ record.client }}", "fields": {"state": "Won"}}
    seen = a_change(record={"id": "i59adb", "client": link})
    assert await attempt(FUSIOO_UPDATE, fusioo, options, of=seen) == outcome
    assert fusioo.sent == []


async def test_a_deleted_record_is_not_written_to() -> None:
    fusioo = Fusioo()
    deleted = a_change(kind=Kind.DELETE, diff=None)
    for kind, options in ((FUSIOO_UPDATE, {"fields": {"a": 1}}), (FUSIOO_COMMENT, {"text": "Gone."})):
        assert await attempt(kind, fusioo, options, of=deleted) == Discarded("the record was deleted")
    assert fusioo.sent == []


async def test_a_change_of_another_account_does_not_say_which_record_is_meant() -> None:
    fusioo = Fusioo()
    kinds: list[tuple[HandlerKind[Any], dict[str, Any]]] = [
        (FUSIOO_UPDATE, {"fields": {"a": 1}}),
        (FUSIOO_COMMENT, {"text": "Hello."}),
    ]
    for kind, options in kinds:
        outcome = await attempt(kind, fusioo, options, of=a_change(account="second"))
        assert isinstance(outcome, Failed)
        assert outcome.dead
        assert "the change is of account second: say by `record`" in outcome.error
    assert fusioo.sent == []


async def test_a_template_that_fails_with_this_change_is_dead_at_once() -> None:
    outcome = await attempt(FUSIOO_UPDATE, Fusioo(), {"fields": {"title": "{{ record.nothing }}"}})
    assert isinstance(outcome, Failed)
    assert outcome.dead
    assert "fields.title" in outcome.error


REFUSED = enveloped([{"field": "status", "message": "'Donne' is not an option"}], code=30050, status=400)


@pytest.mark.parametrize("kind", [FUSIOO_UPDATE, FUSIOO_CREATE])
async def test_fields_that_fusioo_refuses_are_dead_with_its_details(kind: HandlerKind[Any]) -> None:
    options: dict[str, Any] = {"fields": {"status": ["Donne"]}}
    if kind is FUSIOO_CREATE:
        options["app"] = "ia4f42"
    outcome = await attempt(kind, Fusioo(REFUSED), options)
    assert isinstance(outcome, Failed)
    assert outcome.dead
    assert "code 30050" in outcome.error
    assert "'Donne' is not an option" in outcome.error


async def test_concurrent_requests_are_tried_again() -> None:
    refused = enveloped(code=ConcurrentRequestsError.code or 0, status=400)
    outcome = await attempt(FUSIOO_UPDATE, Fusioo(refused), {"fields": {"rank": 1}})
    assert isinstance(outcome, Failed)
    assert not outcome.dead


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        (FUSIOO_UPDATE, {"fields": {"rank": 1}}, 30051),
        (FUSIOO_COMMENT, {"text": "Hello"}, 30051),
        (FUSIOO_COMMENT, {"text": "Hello", "discussion": "id69f"}, 30056),
    ],
)
async def test_what_is_not_there_any_more_discards_the_run(
    kind: HandlerKind[Any], options: dict[str, Any], code: int
) -> None:
    outcome = await attempt(kind, Fusioo(enveloped(code=code, status=404)), options)
    assert isinstance(outcome, Discarded)
    assert "no such" in outcome.reason


async def test_a_record_is_created_in_an_app_by_its_id() -> None:
    fusioo = Fusioo()
    options = {"app": "i502fb", "fields": {"name": "Call {{ record.title }}", "tags": ["{{ change.kind }}"]}}
    assert await attempt(FUSIOO_CREATE, fusioo, options) == Done({"record": "inew", "created": True})
    assert fusioo.sent == [("POST", "/records/apps/i502fb", {"name": "Call Ünïcode", "tags": ["update"]})]


@pytest.mark.parametrize("app", ["ia4f42", "Tasks"])
async def test_the_app_of_the_change_is_known_by_its_name(app: str) -> None:
    fusioo = Fusioo()
    await attempt(FUSIOO_CREATE, fusioo, {"app": app, "fields": {"title": "t"}})
    assert [path for _, path, _ in fusioo.sent] == ["/records/apps/ia4f42"]


APPS = enveloped(
    [{"id": "i1", "name": "Clients"}, {"id": "i2", "name": "Twice"}, {"id": "i3", "name": "Twice"}]
)


async def test_another_app_is_asked_for_by_its_name_once() -> None:
    fusioo = Fusioo(apps=APPS)
    given = FUSIOO_CREATE.options.model_validate({"account": "main", "app": "Clients", "fields": {"a": "b"}})
    built = FUSIOO_CREATE.build(given, settings("fusioo.create"), HandlerDeps(Path(), accounts=ACCOUNTS))
    for _ in range(2):
        await built.call(a_change(), context(fusioo=lambda *_: client_over(fusioo)))
    assert [path for _, path, _ in fusioo.sent] == ["/apps", "/records/apps/i1", "/records/apps/i1"]


@pytest.mark.parametrize(
    ("app", "told"),
    [("Client", "sees no app 'Client'; did you mean `Clients`?"), ("Twice", "2 apps are called 'Twice'")],
)
async def test_a_name_that_is_no_apps_or_several(app: str, told: str) -> None:
    outcome = await attempt(FUSIOO_CREATE, Fusioo(apps=APPS), {"app": app, "fields": {"a": "b"}})
    assert isinstance(outcome, Failed)
    assert outcome.dead
    assert told in outcome.error


async def test_nothing_is_created_where_such_a_record_is_there() -> None:
    options = {
        "app": "ia4f42",
        "fields": {"title": "t"},
        "unless": {"title": "Call {{ record.title }}", "tags": ["{{ change.kind }}"]},
    }
    conditions = {"title": {"equal": "Call Ünïcode"}, "tags": {"contains": "update"}}
    there = Fusioo(filter=enveloped([{"id": "iold"}]))
    assert await attempt(FUSIOO_CREATE, there, options) == Done({"record": "iold", "created": False})
    assert there.sent == [("POST", "/records/apps/ia4f42/filter", conditions)]
    absent = Fusioo(filter=enveloped([]))
    assert await attempt(FUSIOO_CREATE, absent, options) == Done({"record": "inew", "created": True})
    assert [path.rpartition("/")[2] for _, path, _ in absent.sent] == ["filter", "ia4f42"]


async def test_what_can_not_be_looked_for_creates_nothing() -> None:
    fusioo = Fusioo()
    options = {"app": "ia4f42", "fields": {"title": "t"}, "unless": {"title": "{{ record.status[1:] }}"}}
    outcome = await attempt(FUSIOO_CREATE, fusioo, options)
    assert outcome == Failed("RefusedError: `unless.title` gives nothing to look for", dead=True)
    assert fusioo.sent == []


async def test_a_comment_starts_a_discussion_or_stands_in_one() -> None:
    fusioo = Fusioo()
    text = "Now {{ record.status[0] }}."
    assert await attempt(FUSIOO_COMMENT, fusioo, {"text": text}) == Done(
        {"record": "i59adb", "discussion": "inew"}
    )
    options = {"text": text, "discussion": "{{ record.talk }}"}
    seen = a_change(record={"id": "i59adb", "status": ["Done"], "talk": "id69f"})
    assert await attempt(FUSIOO_COMMENT, fusioo, options, of=seen) == Done(
        {"discussion": "id69f", "comment": "inew"}
    )
    body = {"content": "Now Done.", "files": []}
    assert fusioo.sent == [
        ("POST", "/discussions/records/i59adb", body),
        ("POST", "/comments/discussions/id69f", body),
    ]


async def test_a_number_alone_is_a_text_in_a_comment_and_nothing_is_no_comment() -> None:
    fusioo = Fusioo()
    await attempt(FUSIOO_COMMENT, fusioo, {"text": "{{ change.version }}"})
    assert fusioo.sent[0][2]["content"] == "7"
    text = "{% if record.status[0] != 'Done' %}Open.{% endif %}\n"
    outcome = await attempt(FUSIOO_COMMENT, fusioo, {"text": text})
    assert outcome == Discarded("`text` gives nothing to say")
    assert len(fusioo.sent) == 1


@pytest.mark.parametrize(
    ("kind", "options", "path", "told"),
    [
        (FUSIOO_UPDATE, {"account": "man", "fields": {"a": 1}}, ("account",), "there is no account `man`"),
        (FUSIOO_UPDATE, {"account": "grc", "fields": {"a": 1}}, ("account",), "is one of onspring"),
        (FUSIOO_UPDATE, {"fields": {"a": ["{{ recrod.x }}"]}}, ("fields", "a", 0), "recrod"),
        (FUSIOO_UPDATE, {"record": "{{ record. }}", "fields": {"a": 1}}, ("record",), "can't be read"),
        (FUSIOO_CREATE, {"app": "A", "fields": {"a": 1}, "unless": {"a": "{{"}}, ("unless", "a"), "read"),
        (FUSIOO_COMMENT, {"text": "{{ alarm }}"}, ("text",), "alarm"),
        (FUSIOO_COMMENT, {"text": "t", "record": "r", "discussion": "d"}, ("record",), "one of the two"),
    ],
)
def test_mistakes_are_found_when_the_file_is_read(
    kind: HandlerKind[Any], options: dict[str, Any], path: tuple[str | int, ...], told: str
) -> None:
    given = kind.options.model_validate({"account": "main", **options})
    with pytest.raises(OptionError) as caught:
        kind.build(given, settings(kind.name), HandlerDeps(Path(), accounts=ACCOUNTS))
    assert caught.value.path == path
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (FUSIOO_UPDATE, {"record": "{{ record.a[0] }}", "fields": {"x": "{{ diff.b.after }}"}}),
        (FUSIOO_UPDATE, {"fields": {"a": "{{ record.b }}"}}),
        (FUSIOO_CREATE, {"app": "A", "fields": {"x": "{{ record.a }}"}, "unless": {"x": "{{ record.b }}"}}),
        (FUSIOO_COMMENT, {"text": "{{ record.a }}", "discussion": "{{ record.b }}"}),
    ],
)
def test_which_fields_of_the_changed_record_it_names_is_known(
    kind: HandlerKind[Any], options: dict[str, Any]
) -> None:
    given = kind.options.model_validate({"account": "main", **options})
    built = kind.build(given, settings(kind.name), HandlerDeps(Path(), accounts=ACCOUNTS))
    assert built.fields == {"a", "b"}


@pytest.mark.parametrize("fields", [{}, {"last_modified": "x"}, {"id": "i1"}])
def test_fields_that_can_never_be_written(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="should"):
        FUSIOO_UPDATE.options.model_validate({"account": "main", "fields": fields})
