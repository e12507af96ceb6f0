"""Bodies of deliveries become ids, or one of two errors, and never anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.webhooks import parse_delivery
from service.transport.bodies import MalformedBodyError, NoRecordIdError
from service.transport.id_path import IdPath

IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "data", "record", "x"]), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    "body",
    [
        {"id": "i59adb"},
        {"record_id": "i59adb", "app_id": "ia4f42", "title": "Start"},
        {"recordId": "i59adb"},
        {"data": {"id": "i59adb"}},
        {"record": {"id": "i59adb"}},
        {"id": None, "record_id": "i59adb"},
        {"id": {"value": "odd"}, "record_id": "i59adb"},
        {"id": " i59adb\n"},
        {"id": "i59adb", "record_id": "another"},
        [{"id": "i59adb"}],
        [{"id": "i59adb"}, {"recordId": "i59adb"}],
    ],
)
def test_the_id_is_found_wherever_it_plausibly_stands(body: Any) -> None:
    assert parse_delivery(json.dumps(body).encode()) == ["i59adb"]


def test_an_array_is_several_deliveries_in_order() -> None:
    assert parse_delivery(b'[{"id": "b"}, {"record_id": "a"}, {"id": "b"}]') == ["b", "a"]


def test_a_number_is_taken_as_text() -> None:
    assert parse_delivery(b'{"id": 16}') == ["16"]


def test_the_last_of_two_equal_keys_counts_and_a_byte_order_mark_does_not() -> None:
    assert parse_delivery(b'\xef\xbb\xbf{"id": "a", "id": "b"}') == ["b"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"id=i59adb",
        b'{"id": NaN}',
        b'{"id": "a", "x": Infinity}',
        b'{"id": "\xff"}',
        '{"id": "a"}'.encode("utf-16"),
        b'{"id": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"id":' * 200_000,
        b"\x00",
    ],
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        parse_delivery(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"null",
        b'"i59adb"',
        b"16",
        b'["i59adb"]',
        b'[{"id": "a"}, {}]',
        b'[{"id": "a"}, []]',
        b'[[{"id": "a"}]]',
        b'{"id": ""}',
        b'{"id": true}',
        b'{"id": 1.0}',
        b'{"id": "a b"}',
        b'{"id": "a\\u0000"}',
        b'{"id": "../x"}',
        '{"id": "é"}'.encode(),
        b'{"id": "' + b"a" * 65 + b'"}',
        b'{"id": ' + b"9" * 65 + b"}",
    ],
)
def test_json_without_an_id_is_no_delivery(body: bytes) -> None:
    with pytest.raises(NoRecordIdError):
        parse_delivery(body)


@pytest.mark.parametrize(
    ("path", "body", "ids"),
    [
        ("RecordId", [{"RecordId": "16", "AppId": "100"}, {"RecordId": 17}], ["16", "17"]),
        ("[].RecordId", [{"RecordId": "16"}], ["16"]),
        ("payload.key", {"id": "event-1", "payload": {"key": "i59adb"}}, ["i59adb"]),
        ("rows[].key", {"rows": [{"key": "b"}, {"key": "a"}, {"key": "b"}]}, ["b", "a"]),
        ("rows[].key", {"rows": {"key": "a"}}, ["a"]),
        ("a[].b[].c", {"a": [{"b": [{"c": "x"}, {"c": "y"}]}, {}, {"b": [{"c": "z"}]}]}, ["x", "y", "z"]),
        ("keys[]", {"keys": ["a", 2]}, ["a", "2"]),
        ("[]", "i59adb", ["i59adb"]),
        ("[]", ["b", "a"], ["b", "a"]),
        ("domestic voucher_ id", {"domestic voucher_ id": "a"}, ["a"]),
    ],
)
def test_a_path_says_where_the_id_stands(path: str, body: Any, ids: list[str]) -> None:
    assert parse_delivery(json.dumps(body).encode(), IdPath(path)) == ids


@pytest.mark.parametrize(
    "body", [{"id": "i59adb"}, {"id": "i59adb", "payload": {}}, {"id": "i59adb", "payload": {"key": {}}}]
)
def test_a_body_without_ids_at_the_path_is_read_as_usual(body: Any) -> None:
    assert parse_delivery(json.dumps(body).encode(), IdPath("payload.key")) == ["i59adb"]


@pytest.mark.parametrize(
    "body",
    [
        {"rows": []},
        {"rows": [{"key": "a"}, {"key": "not an id"}], "id": "i59adb"},
        [{"rows": [{"key": "a"}]}, {"rows": []}],
        {"rows": [{"key": f"i{number}"} for number in range(1001)]},
        {"payload": {"key": "a"}},
    ],
)
def test_what_has_no_usable_ids_at_the_path_is_no_delivery(body: Any) -> None:
    with pytest.raises(NoRecordIdError):
        parse_delivery(json.dumps(body).encode(), IdPath("rows[].key"))


def test_a_thousand_records_are_accepted_and_no_more() -> None:
    elements = [{"id": f"i{number}"} for number in range(1001)]
    assert len(parse_delivery(json.dumps(elements[:1000]).encode())) == 1000
    with pytest.raises(NoRecordIdError, match="1001"):
        parse_delivery(json.dumps(elements).encode())


def test_errors_do_not_quote_the_body() -> None:
    for body in (b'{"title": "private"}', b'{"title": "private"'):
        with pytest.raises((NoRecordIdError, MalformedBodyError)) as caught:
            parse_delivery(body)
        assert "private" not in str(caught.value)


@given(st.lists(IDS, min_size=1, max_size=20))
def test_every_id_of_an_array_comes_once(ids: list[str]) -> None:
    assert parse_delivery(json.dumps([{"id": one} for one in ids]).encode()) == list(dict.fromkeys(ids))


@given(
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
    st.none() | st.sampled_from(["[]", "x", "x[].id", "data.record.x"]).map(IdPath),
)
def test_any_body_ends_as_ids_or_as_our_error(body: bytes, path: IdPath | None) -> None:
    try:
        ids = parse_delivery(body, path)
    except (MalformedBodyError, NoRecordIdError):
        return
    assert ids
    assert all(0 < len(one) <= 64 and one.replace("-", "a").replace("_", "a").isalnum() for one in ids)
