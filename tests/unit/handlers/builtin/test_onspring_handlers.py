"""Handler kinds `onspring.upsert`, `onspring.delete`: what is sent, and how an attempt ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Change, FieldDiff, Origin
from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.onspring.app import create_simulator
from service.dev.simulators.onspring.example import (
    AUDIT,
    COMPLETE,
    DESCRIPTION,
    DUE_DATE,
    ESTIMATE,
    FUSIOO_ID,
    IN_PROGRESS,
    NAME,
    NOT_STARTED,
    OWNER,
    RECORD_ID,
    REMINDER,
    STATUS,
    STATUSES,
    SUMMARY,
    TAGS,
    TASKS,
    URGENT,
    USERS,
    WATCHERS,
    example_state,
)
from service.dev.simulators.onspring.schema import ListValue
from service.dev.simulators.onspring.state import OnspringState
from service.errors import RelayError
from service.handlers.builtin import onspring_delete, onspring_upsert
from service.handlers.builtin.onspring_leases import KeyHeldError, Lease
from service.handlers.builtin.onspring_options import DeleteOptions, UpsertOptions
from service.handlers.builtin.onspring_targets import TargetApp
from service.handlers.builtin.onspring_upsert import ONSPRING_UPSERT, UpsertHandler
from service.handlers.builtin.plain_text import plain_text
from service.handlers.kinds import HandlerDeps, HandlerKind, OptionError
from service.handlers.outcomes import outcome_of
from service.handlers.templates import compile_templates
from service.handlers.types import Deferred, Discarded, Done, Failed, Outcome
from service.onspring.client import OnspringClient
from service.onspring.definitions import Definitions
from service.onspring.keys import ApiKey
from service.transport.http import Timeout, make_client
from service.transport.retrying import NO_RETRIES
from tests.fixtures.changes import a_change
from tests.fixtures.handling import context, settings
from tests.fixtures.onspring_client import BASE, KEY, a_page, client_over

ACCOUNTS = {"main": "fusioo", "grc": "onspring"}
FID = {FUSIOO_ID: "{{ change.record_id }}"}


class Leases:
    """Leases of one process in memory."""

    def __init__(self) -> None:
        self.remembered: dict[tuple[str, str], str | None] = {}
        self.held: set[str] = set()
        self.uncertain: list[str] = []

    @asynccontextmanager
    async def holding(self, place: str, key_hash: str) -> AsyncIterator[Lease]:
        if place in self.held:
            raise KeyHeldError(place, 30)
        lease = Lease(self.remembered.get((place, key_hash)))
        try:
            yield lease
        finally:
            if lease.uncertain:
                self.uncertain.append(place)
            self.remembered[place, key_hash] = lease.record_id


class Onspring:
    """A simulated Onspring without sockets, and what handlers have of it."""

    def __init__(self) -> None:
        self.state: OnspringState = example_state(key=KEY)
        self.leases = Leases()
        self.definitions = Definitions()

    def client(self) -> OnspringClient:
        transport = httpx2.ASGITransport(create_simulator(self.state))
        http = make_client(timeout=Timeout(5.0), allow_private=True, transport=transport)
        return OnspringClient(key=ApiKey(KEY), http=http, base_url=BASE, timeout=5.0, retries=NO_RETRIES)

    def calls(self) -> list[str]:
        """Give the calls since the last time, without the fields of apps."""
        made = [f"{call.method} {call.path}" for call in self.state.calls if "/Fields/" not in call.path]
        self.state.calls.clear()
        return made

    def record(self, record_id: str) -> dict[int, Any]:
        found = self.state.records.find(TASKS, int(record_id))
        assert found is not None
        return found.values

    def records(self) -> list[dict[int, Any]]:
        """Give what is in the Tasks."""
        return [record.values for record in self.state.records.of(TASKS)]

    async def upsert(self, *, of: Change | None = None, **options: Any) -> Outcome:
        """One attempt as it ends; a handler of its own that shares what is remembered of fields."""
        given = UpsertOptions.model_validate({"account": "grc", "app": TASKS, "key": FID, **options})
        key, fields = compile_templates(given.key), compile_templates(given.fields)
        handler = UpsertHandler(given, key, fields, self.leases)
        handler._app = TargetApp(given.app, self.definitions)
        return await self._ended(handler(of or a_change(), self._context(of)))

    async def delete(self, **options: Any) -> Outcome:
        given = DeleteOptions.model_validate({"account": "grc", "app": TASKS, **options})
        key = None if given.key is None else compile_templates(given.key)
        record = None if given.record is None else compile_templates(given.record)
        app = TargetApp(given.app, self.definitions)
        handler = onspring_delete.DeleteHandler("grc", app, self.leases, key=key, record=record)
        return await self._ended(handler(a_change(), self._context(None)))

    def _context(self, of: Change | None) -> Any:
        return context(of=of or a_change(), onspring=lambda *_: self.client())

    async def _ended(self, attempt: Any) -> Outcome:
        try:
            outcome: Outcome = await attempt
        except RelayError as error:
            return outcome_of(error, timeout=timedelta(seconds=1))
        return outcome


@pytest.fixture
def onspring() -> Onspring:
    return Onspring()


def made(outcome: Outcome) -> str:
    assert isinstance(outcome, Done), outcome
    assert outcome.detail is not None
    record: str = outcome.detail["record"]
    return record


async def test_a_record_is_made_and_then_nothing_is_written(onspring: Onspring) -> None:
    fields = {"Name": "{{ record.title }}", "Status": "complete", "Owner": 2}
    of = a_change(record={"title": "Ünïcode"})
    first = await onspring.upsert(fields=fields, of=of)
    assert first == Done(
        {"record": "4", "created": True, "updated": ["Fusioo Id", "Name", "Owner", "Status"]}
    )
    assert onspring.record("4") == {
        FUSIOO_ID: "i59adb",
        NAME: "Ünïcode",
        STATUS: [COMPLETE],
        OWNER: [2],
    }
    onspring.calls()
    again = await onspring.upsert(fields=fields, of=of)
    assert again == Done({"record": "4", "created": False, "updated": []})
    assert onspring.calls() == [f"GET /Records/appId/{TASKS}/recordId/4"], "no write, and no search"


async def test_only_what_differs_is_sent(onspring: Onspring) -> None:
    record_id = made(await onspring.upsert(fields={NAME: "a", ESTIMATE: 5}))
    again = await onspring.upsert(fields={NAME: "a", ESTIMATE: "6.5", DESCRIPTION: None})
    assert again == Done({"record": record_id, "created": False, "updated": [str(ESTIMATE)]})
    assert onspring.record(record_id)[ESTIMATE] == 6.5


MERGED = {NAME: "{{ record.title }}", STATUS: "{{ record.state }}", DESCRIPTION: "{{ record.notes }}"}
BEFORE = {"title": "A task", "state": ["In Progress"], "notes": "Old"}


async def _edit(onspring: Onspring, merge: str, **different: Any) -> dict[str, Any]:
    """Edit state and notes of a record that was written before; tell how the run ended."""
    of = a_change(
        record={**BEFORE, "state": ["Complete"], "notes": "New"},
        diff={"state": FieldDiff(["In Progress"], ["Complete"]), "notes": FieldDiff("Old", "New")},
        **different,
    )
    outcome = await onspring.upsert(fields=MERGED, merge=merge, of=of)
    assert isinstance(outcome, Done), outcome
    return dict(outcome.detail or {})


@pytest.mark.parametrize(
    ("merge", "of", "updated", "left"),
    [
        ("lead", {"origin": Origin.WEBHOOK}, ["6984", "6986"], None),
        ("lead", {"origin": Origin.ECHO}, ["6984"], ["6986"]),
        ("lead", {"echoed": frozenset({"state"})}, ["6984"], ["6986"]),
        ("lead", {"echoed": frozenset({"notes"})}, ["6984", "6986"], None),
        ("follow", {"origin": Origin.WEBHOOK}, ["6984"], ["6986"]),
    ],
)
async def test_an_edit_is_merged_into_what_was_edited_there(
    onspring: Onspring, merge: str, of: dict[str, Any], updated: list[str], left: list[str] | None
) -> None:
    record_id = made(await onspring.upsert(fields=MERGED, merge=merge, of=a_change(record=BEFORE, diff=None)))
    task = onspring.state.records.find(TASKS, int(record_id))
    assert task is not None
    onspring.state.records.update(task, {NAME: "Renamed there", STATUS: [NOT_STARTED]})
    detail = await _edit(onspring, merge, **of)
    assert (detail["updated"], detail.get("left")) == (updated, left)
    assert task.values[NAME] == "Renamed there"
    assert task.values[DESCRIPTION] == "New"
    assert task.values[STATUS] == ([NOT_STARTED] if left else [COMPLETE])


async def test_a_record_that_a_merge_does_not_find_is_made_whole(onspring: Onspring) -> None:
    detail = await _edit(onspring, "follow")
    assert detail["created"]
    assert onspring.record(detail["record"])[NAME] == "A task"


async def test_what_was_in_a_list_before_and_is_not_any_more_was_edited_since(onspring: Onspring) -> None:
    record_id = made(await onspring.upsert(fields={NAME: "A task", STATUS: "Complete"}))
    of = a_change(record={"state": "Not Started"}, diff={"state": FieldDiff("Vanished", "Not Started")})
    outcome = await onspring.upsert(fields={STATUS: "{{ record.state }}"}, merge="follow", of=of)
    assert outcome == Done({"record": record_id, "created": False, "updated": [], "left": [str(STATUS)]})


VALUES: list[tuple[int, Any, Any]] = [
    (NAME, 12, "12"),
    (NAME, ["a", "b"], "a, b"),
    (NAME, True, "true"),
    (DESCRIPTION, "<p>x &amp; y</p>", "<p>x &amp; y</p>"),
    (ESTIMATE, 3, 3),
    (ESTIMATE, "3.25", 3.25),
    (ESTIMATE, ["-7"], -7),
    (DUE_DATE, "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
    (DUE_DATE, "2026-03-01T07:00:00-0500", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    (DUE_DATE, "2026-03-01 07:00:00", datetime(2026, 3, 1, 7, tzinfo=UTC)),
    (STATUS, "Complete", [COMPLETE]),
    (STATUS, ["in progress"], [IN_PROGRESS]),
    (STATUS, COMPLETE.upper(), [COMPLETE]),
    (TAGS, ["Audit", "URGENT", "Audit"], [AUDIT, URGENT]),
    (OWNER, "3", [3]),
    (OWNER, [3], [3]),
    (WATCHERS, ["1", 2], [1, 2]),
    (REMINDER, {"quantity": 2, "increment": "Days"}, {"quantity": 2, "increment": "Days"}),
]


@pytest.mark.parametrize(("field", "given", "kept"), VALUES)
async def test_every_kind_of_value(onspring: Onspring, field: int, given: Any, kept: Any) -> None:
    fields = {NAME: "n", field: given}
    record_id = made(await onspring.upsert(fields=fields))
    held = onspring.record(record_id)[field]
    assert (held == kept) if not isinstance(kept, dict) else (held.items() >= kept.items())
    assert await onspring.upsert(fields=fields) == Done(
        {"record": record_id, "created": False, "updated": []}
    )
    nothings: list[Any] = [None, "", []]
    for nothing in nothings:
        emptied = await onspring.upsert(fields={field: nothing} if field != NAME else {NAME: "other"})
        assert made(emptied) == record_id
    if field != NAME:
        assert onspring.record(record_id).get(field) in (None, [])


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        (ESTIMATE, "many", "`fields.6992`: it takes a number, and 'many' is none"),
        (DUE_DATE, "soon", "`fields.6985`: it takes a date or a moment, and 'soon' is none"),
        (STATUS, ["Complete", "In Progress"], "`fields.6986`: it takes one value, and 2 are given"),
        (STATUS, {"a": 1}, "`fields.6986`: a list field takes texts, each the name of a value"),
        (STATUS, "Complet", "has no value 'Complet'; did you mean `Complete`?"),
        (OWNER, [1, 2], "`fields.6987`: it takes one record, and 2 are given"),
        (OWNER, "Lauren", "'Lauren' is none; find them by `reference`"),
        (SUMMARY, "x", "Onspring computes the field itself, as its type is Formula"),
        (6989, "x", "it holds files, which `onspring.attach` adds"),
        (FUSIOO_ID, "x", "`fields.6996` stands under `key` too"),
        (str(NAME), "x", "`fields.6983` and `fields.Name` are one field: write it once"),
        ("Nmae", "x", "of the name 'Nmae'; did you mean `Name`?"),
        ("Name", {"reference": {"by": {"Username": "x"}}}, "field 'Name' is no reference, but a Text"),
    ],
)
async def test_what_can_not_be_written(onspring: Onspring, field: Any, given: Any, said: str) -> None:
    key = FID if field != FUSIOO_ID else {"Fusioo Id": "x"}
    outcome = await onspring.upsert(key=key, fields={"Name": "n", field: given})
    assert isinstance(outcome, Failed)
    assert outcome.dead
    assert said in outcome.error
    assert not any(call.startswith("PUT") for call in onspring.calls())


async def test_html_is_stripped_where_asked_for(onspring: Onspring) -> None:
    html = "<p>Terms &amp; <b>prices</b></p><ul><li>one</li><li>two<br>lines</li></ul>"
    record_id = made(await onspring.upsert(fields={NAME: "a < b", DESCRIPTION: html}, html="strip"))
    assert onspring.record(record_id)[DESCRIPTION] == "Terms & prices\n- one\n- two\nlines"
    assert onspring.record(record_id)[NAME] == "a < b"


async def test_values_that_a_list_lacks_are_made_where_allowed(onspring: Onspring) -> None:
    fields = {NAME: "n", TAGS: ["Urgent", "Brand new"]}
    record_id = made(await onspring.upsert(fields=fields, create_values=True))
    names = {value.id: value.name for value in onspring.state.lists[907]}
    assert [names[one] for one in onspring.record(record_id)[TAGS]] == ["Urgent", "Brand new"]
    onspring.definitions = Definitions()
    assert await onspring.upsert(fields=fields, create_values=True) == Done(
        {"record": record_id, "created": False, "updated": []}
    )
    assert len(onspring.state.lists[907]) == 3


async def test_a_value_that_was_added_or_replaced_meanwhile_is_found(onspring: Onspring) -> None:
    made(await onspring.upsert(fields={NAME: "n", STATUS: "Complete"}))
    fresh = onspring.state.new_guid()
    onspring.state.lists[STATUSES] = [ListValue(fresh, "Complete", 1), ListValue(IN_PROGRESS, "Waiting", 2)]
    record_id = made(await onspring.upsert(fields={NAME: "A task", STATUS: "Complete"}))
    assert onspring.record(record_id)[STATUS] == [fresh]
    assert made(await onspring.upsert(fields={STATUS: "Waiting"})) == record_id
    assert onspring.record(record_id)[STATUS] == [IN_PROGRESS]


async def test_two_values_with_one_name_but_for_capitals(onspring: Onspring) -> None:
    onspring.state.lists[STATUSES] += [ListValue(onspring.state.new_guid(), "COMPLETE", 9)]
    record_id = made(await onspring.upsert(fields={NAME: "n", STATUS: "Complete"}))
    assert onspring.record(record_id)[STATUS] == [COMPLETE]
    outcome = await onspring.upsert(fields={STATUS: "complete"})
    assert isinstance(outcome, Failed)
    assert "several values of the list may be meant" in outcome.error


def by_name(given: Any, app: Any = None) -> dict[str, Any]:
    return {"reference": {"by": {"Username": given}} | ({} if app is None else {"app": app})}


@pytest.mark.parametrize("app", [None, USERS, "Users"])
async def test_references_are_found_by_a_key(onspring: Onspring, app: Any) -> None:
    fields = {
        NAME: "n",
        OWNER: by_name("{{ record.people[0] }}", app),
        WATCHERS: by_name("{{ record.people }}", app),
    }
    of = a_change(record={"id": "i59adb", "people": ["Severus", "John Doe"]})
    record_id = made(await onspring.upsert(fields=fields, of=of))
    assert onspring.record(record_id)[OWNER] == [2]
    assert onspring.record(record_id)[WATCHERS] == [2, 4]
    nobody = a_change(record={"id": "i59adb", "people": []})
    emptied = await onspring.upsert(fields={WATCHERS: by_name("{{ record.people }}", app)}, of=nobody)
    assert made(emptied) == record_id
    assert not onspring.record(record_id).get(WATCHERS)


async def test_references_that_are_missing(onspring: Onspring) -> None:
    fields = {NAME: "n", OWNER: by_name("Nobody")}
    failed = await onspring.upsert(fields=fields)
    assert failed == Failed('6987: no record of app 2 has the key {"Username": "Nobody"}')
    left = await onspring.upsert(fields=fields, missing_references="leave")
    assert isinstance(left, Done)
    assert left.detail == {
        "record": "4",
        "created": True,
        "updated": ["6983", "Fusioo Id"],
        "warnings": ['6987 is left as it is: no record of app 2 has the key {"Username": "Nobody"}'],
    }


async def test_warnings_of_the_answer_are_kept(onspring: Onspring, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "GET": a_page([{"id": NAME, "name": "Name", "type": "Text"}, {"id": FUSIOO_ID, "type": "Text"}]),
        "POST": a_page([]),
        "PUT": httpx2.Response(201, json={"id": 9, "warnings": ["It was cut to 10 letters."]}),
    }
    client = client_over(lambda request: answers[request.method])
    monkeypatch.setattr(onspring, "client", lambda: client)
    outcome = await onspring.upsert(fields={NAME: "n"})
    assert isinstance(outcome, Done)
    assert outcome.detail is not None
    assert outcome.detail["warnings"] == ["It was cut to 10 letters."]


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ({NAME: "Test Task 1"}, "1"),
        ({ESTIMATE: "200"}, "2"),
        ({DUE_DATE: "2021-12-31T06:00:00Z"}, "1"),
        ({STATUS: "complete"}, "3"),
        ({TAGS: "Audit", ESTIMATE: 300}, "3"),
        ({RECORD_ID: 2}, "1"),
        ({SUMMARY: "Close the finding (Complete)"}, "3"),
    ],
)
async def test_fields_that_can_be_keys(onspring: Onspring, key: dict[int, Any], found: str) -> None:
    assert made(await onspring.upsert(key=key, fields={DESCRIPTION: "seen"})) == found
    assert made(await onspring.upsert(key=key, fields={DESCRIPTION: "seen"})) == found, "as remembered"


async def test_keys_that_find_nothing_or_too_much(onspring: Onspring) -> None:
    for key, said in (
        ({OWNER: 1}, "finds no record by a field of the type Reference"),
        ({NAME: ""}, "gives nothing to look for"),
        ({NAME: ["a", "b"]}, "or several values"),
        ({TAGS: "Urgent"}, 'several records of app 195 have the key {"Tags": "Urgent"}: 1, 2'),
        ({RECORD_ID: 77}, "none is made: Onspring sets 'Record Id'"),
    ):
        outcome = await onspring.upsert(key=key, fields={DESCRIPTION: "x"})
        assert isinstance(outcome, Failed)
        assert said in outcome.error
    absent = await onspring.upsert(create=False, fields={NAME: "n"})
    assert absent == Discarded('no record of app 195 has the key {"Fusioo Id": "i59adb"}')


async def test_the_letters_of_a_key_count_where_onspring_ignores_capitals(onspring: Onspring) -> None:
    onspring.state.settings.text_case = "ignored"
    for name in ("abc", "ABC"):
        onspring.state.records.create(TASKS, {NAME: name})
    assert made(await onspring.upsert(key={NAME: "ABC"}, fields={ESTIMATE: 1})) == "5"
    assert made(await onspring.upsert(key={NAME: "abc"}, fields={ESTIMATE: 1})) == "4"


async def test_a_record_that_has_another_key_by_now_is_not_taken(onspring: Onspring) -> None:
    first = made(await onspring.upsert(fields={NAME: "n"}))
    onspring.record(first)[FUSIOO_ID] = "moved"
    second = made(await onspring.upsert(fields={NAME: "n"}))
    assert second != first


async def test_a_key_that_another_run_has_defers(onspring: Onspring) -> None:
    onspring.leases.held.add(f"app {TASKS}")
    outcome = await onspring.upsert(fields={NAME: "n"})
    assert isinstance(outcome, Deferred)
    assert outcome.after is not None
    assert 0 < outcome.after <= 2
    assert isinstance(await onspring.delete(key=FID), Deferred)


@pytest.mark.parametrize(
    ("fault", "certain", "told"),
    [
        (AnswerFault(500, takes_effect=True, method="PUT"), False, "unavailable"),
        (AnswerFault(200, "html", takes_effect=True, method="PUT"), False, "can't be understood"),
        (AnswerFault(499, method="PUT"), False, "gave up waiting"),
        (AnswerFault(401, "html", method="PUT"), True, "the API key is not accepted"),
        (AnswerFault(403, method="PUT"), True, "may not do this"),
    ],
)
async def test_what_is_not_known_to_have_failed_may_still_come_about(
    onspring: Onspring, fault: AnswerFault, certain: bool, told: str
) -> None:
    onspring.state.faults.answers.append(fault)
    outcome = await onspring.upsert(fields={NAME: "n"})
    assert isinstance(outcome, Failed)
    assert told in outcome.error
    assert (onspring.leases.uncertain == []) is certain
    made(await onspring.upsert(fields={NAME: "n"}))
    assert len([record for record in onspring.records() if record.get(FUSIOO_ID)]) == 1


async def test_too_many_calls_is_no_attempt(onspring: Onspring) -> None:
    onspring.state.faults.answers.append(AnswerFault(429, method="PUT", retry_after=7))
    assert isinstance(await onspring.upsert(fields={NAME: "n"}), Deferred)
    assert onspring.leases.uncertain == []


async def test_a_record_that_is_deleted_meanwhile_is_made_by_the_next_attempt(onspring: Onspring) -> None:
    record_id = made(await onspring.upsert(fields={NAME: "n"}))
    onspring.state.faults.answers.append(AnswerFault(404, method="PUT"))
    outcome = await onspring.upsert(fields={NAME: "other"})
    assert outcome == Failed(f"record {record_id} was deleted meanwhile")


async def test_deleting(onspring: Onspring) -> None:
    record_id = made(await onspring.upsert(fields={NAME: "n"}))
    assert await onspring.delete(key=FID) == Done({"record": record_id, "deleted": True})
    assert await onspring.delete(key=FID) == Done({"record": None, "deleted": False})
    assert await onspring.delete(record="2") == Done({"record": "2", "deleted": True})
    assert await onspring.delete(record="2") == Done({"record": "2", "deleted": False})
    assert await onspring.delete(record="{{ record.none_such|default('') }}") == Discarded(
        "`record` gives nothing"
    )


def test_options_that_can_not_be_used() -> None:
    def build(kind: HandlerKind[Any], **options: Any) -> None:
        given = kind.options.model_validate({"account": "grc", "app": TASKS, **options})
        kind.build(given, settings(kind.name), HandlerDeps(Path(), accounts=ACCOUNTS))

    build(ONSPRING_UPSERT, key={"a": 1})
    with pytest.raises(OptionError, match="one of fusioo, not of Onspring"):
        build(ONSPRING_UPSERT, account="main", key={"a": 1})
    with pytest.raises(OptionError, match="no account `grcc`"):
        build(ONSPRING_UPSERT, account="grcc", key={"a": 1})
    with pytest.raises(OptionError, match="stands under `key` too"):
        build(ONSPRING_UPSERT, key={"a": 1}, fields={"a": 2})
    with pytest.raises(OptionError, match="write one of"):
        build(onspring_delete.ONSPRING_DELETE)
    with pytest.raises(ValueError, match=r"reference\.by: field required"):
        build(onspring_upsert.ONSPRING_UPSERT, key={"a": 1}, fields={"b": {"reference": {"app": 2}}})


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
def test_any_text_as_a_key_finds_its_record_again(texts: list[str]) -> None:
    async def write_all_twice() -> None:
        onspring = Onspring()
        names = {"title": ""}
        for _ in range(2):
            for text in texts:
                names["title"] = text
                of = a_change(record=dict(names))
                onspring.leases.remembered.clear()
                key = {FUSIOO_ID: "{{ record.title }}"}
                made(await onspring.upsert(of=of, key=key, fields={NAME: "{{ record.title }}"}))
        kept = [record[FUSIOO_ID] for record in onspring.records() if FUSIOO_ID in record]
        assert sorted(kept) == sorted(texts)

    asyncio.run(write_all_twice())


@given(st.text() | st.text(alphabet="<>&/ pbrul\n;=\"'").map(lambda inner: f"<p>{inner}</p>"))
def test_plain_text_has_lines_without_blanks_around_them(html: str) -> None:
    lines = plain_text(html).split("\n")
    assert lines == [""] or all(line and line == line.strip() for line in lines)
