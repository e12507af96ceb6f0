"""Bodies of REST outcomes become ids of records of one app, or say what is wrong with them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.onspring.outcomes import WrongAppError, parse_outcome
from service.transport.bodies import MOST_IDS, MalformedBodyError, NoRecordIdError
from service.transport.id_path import IdPath

PRODUCTION = b'[{"RecordId":"16","AppId":"100"}]'


def parse(body: Any, path: str | None = None) -> list[str]:
    return parse_outcome(json.dumps(body).encode(), "100", IdPath(path) if path else None)


def test_the_body_that_was_seen_in_production_is_read() -> None:
    assert parse_outcome(PRODUCTION, "100") == ["16"]


@pytest.mark.parametrize(
    "body",
    [
        {"RecordId": "16"},
        {"RecordId": 16},
        {"recordId": "16", "appId": 100},
        {"record_id": " 16 ", "app_id": "100"},
        {"id": 16},
        {"RecordId": "16", "id": "17"},
        {"RecordId": "", "id": "16"},
        {"RecordId": "16", "AppId": None},
        {"RecordId": "16", "AppId": ""},
        [{"RecordId": "16"}, {"id": "16", "AppId": "100"}],
    ],
)
def test_the_id_is_found_wherever_it_plausibly_stands(body: Any) -> None:
    assert parse(body) == ["16"]


def test_an_array_is_several_deliveries_in_order() -> None:
    assert parse([{"RecordId": "9"}, {"RecordId": "10"}, {"RecordId": 9}]) == ["9", "10"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Record Id", {"Record Id": "16", "id": 3}),
        ("rows[].key", {"rows": [{"key": "16"}]}),
        ("[]", ["16"]),
        ("[]", 16),
        ("elsewhere", {"RecordId": "16"}),
    ],
)
def test_a_path_says_where_else_it_stands(path: str, body: Any) -> None:
    assert parse(body, path) == ["16"]


@pytest.mark.parametrize(
    "wrong", ["", "0", "-1", "1.5", "016", "1,600", "i59adb", "१६", 0, -1, 1.0, True, None, [], {}, "9" * 20]
)
def test_what_is_no_positive_whole_number_is_no_id(wrong: Any) -> None:
    with pytest.raises(NoRecordIdError, match="element 1 has no record id"):
        parse([{"RecordId": "16"}, {"RecordId": wrong}])


@pytest.mark.parametrize("number", [0, MOST_IDS + 1])
def test_an_array_names_one_to_a_thousand(number: int) -> None:
    with pytest.raises(NoRecordIdError, match=f"array of {number}"):
        parse([{"RecordId": each + 1} for each in range(number)])
    assert len(parse([{"RecordId": each + 1} for each in range(MOST_IDS)])) == MOST_IDS


@pytest.mark.parametrize("name", ["AppId", "appId", "app_id"])
def test_records_of_another_app_are_refused_with_both_ids(name: str) -> None:
    with pytest.raises(WrongAppError, match=r"element 1 is of app 101, .* for app 100"):
        parse([{"RecordId": "16", "AppId": "100"}, {"RecordId": "16", name: 101}])


@pytest.mark.parametrize(
    ("body", "line", "column", "near"),
    [
        ('[{"Name":"He said "hi"","RecordId":"16"}]', 1, 20, '"He said "hi"","Reco'),
        ('[{"Notes":"two\nlines"}]', 1, 15, 'otes":"two?lines"}]'),
        ('[\n {"RecordId":,}]', 2, 14, 'RecordId":,}]'),
        ("", 1, 1, ""),
    ],
)
def test_what_substitution_broke_is_shown_with_a_little_around_it(
    body: str, line: int, column: int, near: str
) -> None:
    with pytest.raises(MalformedBodyError) as raised:
        parse_outcome(body.encode(), "100")
    error = raised.value
    assert (error.line, error.column, error.near) == (line, column, near)
    assert str(error) == f"the body is not JSON (line {line}, column {column})"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "RecordId", "AppId", "x"]), inner),
    max_leaves=10,
)


@given(st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_anything_becomes_numbers_or_one_of_three_errors(body: bytes) -> None:
    try:
        ids = parse_outcome(body, "100")
    except (MalformedBodyError, NoRecordIdError, WrongAppError):
        return
    assert ids
    assert all(int(each) > 0 for each in ids)
