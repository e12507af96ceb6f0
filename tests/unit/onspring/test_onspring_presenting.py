"""Records of Onspring as the relay keeps them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from service.dev.simulators.onspring import example
from service.onspring.definitions import AppFields, Definitions
from service.onspring.models import AnyField, AppField, Record
from service.onspring.presenter import Presenter
from service.onspring.presenting import as_shown, names_guids, present, unknown_in
from service.onspring.source import OnspringSource
from service.onspring.stamps import LAST_MODIFIED, stamp_field, stamp_fields
from service.rules.account import Stamps
from service.rules.value_hashes import hash_fields
from tests.fixtures.onspring_client import KEY, client_of

DONE, OPEN = "4118d53a-9121-4345-8682-07f23d606daa", "1c1c5f7e-cd03-4b70-9790-0f83b24b5863"
GONE = "00000000-0000-4000-8000-000000000000"
_VALUES = [{"id": DONE, "name": "Done"}, {"id": OPEN.upper(), "name": "Open"}]
_FIELDS: list[dict[str, Any]] = [
    {"id": 1, "name": "Name", "type": "Text"},
    {"id": 2, "name": "Status", "type": "List", "multiplicity": "SingleSelect", "values": _VALUES},
    {"id": 3, "name": "Tags", "type": "List", "multiplicity": "MultiSelect", "values": _VALUES},
    {"id": 4, "name": "Owner", "type": "Reference", "referencedAppId": 2},
    {"id": 5, "name": "Number", "type": "AutoNumber"},
    {"id": 6, "name": "Last Modified Date", "type": "Date"},
    {"id": 7, "name": "Verdict", "type": "Formula", "outputType": "ListValue", "values": _VALUES},
    {"id": 8, "name": "Files", "type": "Attachment"},
    {"id": 9, "name": "Asked", "type": "SurveyReference", "referencedAppId": 2},
    {"id": 10, "name": "Created By", "type": "Reference", "referencedAppId": 2},
]


def fields_of(*described: Mapping[str, Any]) -> AppFields:
    one: TypeAdapter[AppField] = TypeAdapter(AnyField)
    listed = [one.validate_python(each) for each in described or _FIELDS]
    return AppFields(195, MappingProxyType({each.id: each for each in listed}))


def record(*held: tuple[str, int, Any]) -> Record:
    data = [{"type": kind, "fieldId": field_id, "value": value} for kind, field_id, value in held]
    return Record.model_validate({"appId": 195, "recordId": 16, "fieldData": data})


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (("String", 1, "<p>Text</p>"), {"1": "<p>Text</p>"}),
        (("Guid", 2, DONE.upper()), {"2": ["Done"]}),
        (("GuidList", 3, [OPEN, DONE]), {"3": ["Open", "Done"]}),
        (("Guid", 2, GONE), {"2": [GONE]}),
        (("Integer", 4, 7), {"4": ["7"]}),
        (("IntegerList", 4, [7, 8]), {"4": ["7", "8"]}),
        (("Integer", 5, 7), {"5": 7}),
        (("Integer", 9, 7), {"9": ["7"]}),
        (("Decimal", 1, 1.5), {"1": 1.5}),
        (("Date", 6, "2021-11-05T20:32:36Z"), {"last_modified": "2021-11-05T20:32:36Z"}),
        (("Integer", 10, 1), {"created_by": ["1"]}),
        (("Guid", 7, OPEN), {"7": ["Open"]}),
        (
            ("AttachmentList", 8, [{"fileId": 3, "fileName": "a.txt", "notes": "x"}]),
            {"8": [{"id": "3", "name": "a.txt"}]},
        ),
        (("FileList", 8, [3, 4]), {"8": ["3", "4"]}),
        (
            ("TimeSpan", 1, {"quantity": 4, "increment": "Days", "endByDate": None}),
            {"1": {"quantity": 4, "increment": "Days", "recurrence": "None"}},
        ),
        (("DelegateList", 1, [{"odd": 1}]), {"1": [{"odd": 1}]}),
        (("Integer", 99, 7), {"99": 7}),
    ],
)
def test_each_value_is_shown_as_the_relay_keeps_it(held: tuple[str, int, Any], shown: dict[str, Any]) -> None:
    fields = fields_of()
    stamps = stamp_fields(fields, Stamps().model_dump())
    presented = present(record(held), fields, stamps)
    empty = {stamps.get(field_id, str(field_id)) for field_id in fields.by_id} - shown.keys()
    assert presented == {"id": "16", **shown, **dict.fromkeys(empty)}


def test_what_the_fields_do_not_tell_of_is_named() -> None:
    held = record(("Guid", 2, GONE), ("GuidList", 3, [DONE]), ("Integer", 99, 7), ("String", 1, GONE))
    assert unknown_in([held], fields_of()) == {GONE, "99"}


@pytest.mark.parametrize(("named", "found"), [("Last Modified Date", 6), ("6", 6), ("Changed", None)])
def test_a_stamp_is_found_by_name_and_by_id(named: str, found: int | None) -> None:
    assert stamp_field(fields_of(), {LAST_MODIFIED: named}, LAST_MODIFIED) == found


def test_a_name_that_two_fields_have_is_no_stamp() -> None:
    twice = fields_of(*_FIELDS, {"id": 11, "name": "Last Modified Date", "type": "Date"})
    assert stamp_field(twice, {LAST_MODIFIED: "Last Modified Date"}, LAST_MODIFIED) is None


def test_what_is_written_is_shown_as_it_will_be_read() -> None:
    written = {"1": "x", "2": DONE, "3": [OPEN, GONE], "4": 7, "5": None, "9": [7, 8], "99": 1}
    shown = as_shown(written, fields_of())
    assert shown == {
        "1": "x",
        "2": ["Done"],
        "3": ["Open", GONE],
        "4": ["7"],
        "5": None,
        "9": ["7", "8"],
        "99": 1,
    }


@pytest.mark.parametrize(
    ("written", "may_be"),
    [({"1": "x", "2": 5}, False), ({"2": DONE}, True), ({"3": ["x", DONE]}, True), ({}, False)],
)
def test_only_what_looks_like_a_guid_needs_the_fields(written: dict[str, Any], may_be: bool) -> None:
    assert names_guids(written) is may_be


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_WRITTEN = st.fixed_dictionaries(
    {example.NAME: _TEXTS.filter(str.strip)},
    optional={
        example.DESCRIPTION: st.none() | _TEXTS,
        example.DUE_DATE: st.none()
        | st.integers(-1_000_000_000, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
        example.STATUS: st.none()
        | st.sampled_from([example.COMPLETE, [example.NOT_STARTED], example.IN_PROGRESS.upper()]),
        example.TAGS: st.lists(st.sampled_from([example.URGENT, example.AUDIT]), unique=True),
        example.OWNER: st.none() | st.sampled_from([1, [2]]),
        example.WATCHERS: st.lists(st.integers(1, 3), unique=True),
        example.ESTIMATE: st.none() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6),
        example.REMINDER: st.sampled_from(
            [
                {"quantity": 4, "increment": "Days"},
                {"quantity": 1, "increment": "Years", "recurrence": "None", "endByDate": None},
                {
                    "quantity": 2,
                    "increment": "Weeks",
                    "recurrence": "EndAfterOccurrences",
                    "endAfterOccurrences": 3,
                },
            ]
        ),
    },
)


@given(_WRITTEN)
async def test_what_is_saved_is_read_as_it_was_said_to_be_shown(written: dict[int, Any]) -> None:
    state = example.example_state(key=KEY)
    async with client_of(state) as client:
        saved = await client.records.save(example.TASKS, written)
        presenter = Presenter(Definitions(), Stamps().model_dump())
        answer = await OnspringSource(client, presenter).fetch_many(str(example.TASKS), [str(saved.id)])
        sent = {str(field_id): _sent(value) for field_id, value in written.items()}
        shown = as_shown(sent, await presenter.fields(client, example.TASKS))
    read = answer.found[str(saved.id)]
    of_written = {field_id: value for field_id in sent if (value := read.get(field_id)) is not None}
    assert hash_fields({**dict.fromkeys(sent), **of_written}) == hash_fields(shown)


def _sent(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
