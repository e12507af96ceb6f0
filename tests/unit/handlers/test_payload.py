"""The body of an outgoing webhook, word by word as the contract shows it."""

import json
from types import MappingProxyType
from typing import Any

import pytest

from service.changes.types import Kind
from service.handlers.payload import build_payload, encode_payload
from tests.fixtures.changes import CHANGE_ID, a_change
from tests.fixtures.handling import RUN_ID, context


def body(attempt: int = 1, **differing: Any) -> Any:
    return json.loads(encode_payload(build_payload(a_change(**differing), context(attempt=attempt))))


def test_an_update_says_everything_in_the_order_of_the_contract() -> None:
    sent = body(attempt=2)
    assert sent == {
        "type": "fusioo.record.updated",
        "timestamp": "2026-11-22T05:00:00Z",
        "data": {
            "change_id": str(CHANGE_ID),
            "run_id": str(RUN_ID),
            "rule": "urgent-tasks",
            "handler": "ops",
            "attempt": 2,
            "account": "main",
            "app": {"id": "ia4f42", "name": "Tasks"},
            "record_id": "i59adb",
            "kind": "update",
            "origin": "webhook",
            "restored": False,
            "version": 7,
            "deliveries": 3,
            "record": {"id": "i59adb", "status": ["Done"], "title": "Ünïcode"},
            "diff": {"status": {"before": ["In progress"], "after": ["Done"]}},
            "linked": {"client": [{"id": "c1"}]},
        },
    }
    assert list(sent) == ["type", "timestamp", "data"]
    assert list(sent["data"])[-3:] == ["record", "diff", "linked"]


@pytest.mark.parametrize(
    ("provider", "kind", "named"),
    [
        ("fusioo", Kind.CREATE, "fusioo.record.created"),
        ("fusioo", Kind.DELETE, "fusioo.record.deleted"),
        ("onspring", Kind.UPDATE, "onspring.record.updated"),
    ],
)
def test_the_type_names_provider_and_kind(provider: str, kind: Kind, named: str) -> None:
    assert body(provider=provider, kind=kind)["type"] == named


def test_where_nothing_differs_the_diff_is_empty() -> None:
    assert body(diff={})["data"]["diff"] == {}


def test_what_is_not_known_is_null() -> None:
    data = body(kind=Kind.DELETE, record=None, diff=None, linked={})["data"]
    assert (data["record"], data["diff"], data["linked"]) == (None, None, {})


def test_gaps_are_named_where_there_are_any() -> None:
    data = body(gaps={"client": ("c2", "c3")})["data"]
    assert (data["linked"], data["gaps"]) == ({"client": [{"id": "c1"}]}, {"client": ["c2", "c3"]})
    assert "gaps" not in body()["data"]


def test_the_same_change_is_the_same_text_in_ascii() -> None:
    first, second = (encode_payload(build_payload(a_change(), context())) for _ in range(2))
    assert first == second
    assert first.isascii()


def test_read_only_records_are_written_too() -> None:
    assert body(record=MappingProxyType({"a": MappingProxyType({"b": 1})}))["data"]["record"] == {
        "a": {"b": 1}
    }


def test_nothing_that_is_no_json_is_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        body(record={"a": float("nan")})
    with pytest.raises(TypeError, match="set is no JSON value"):
        body(record={"a": {1}})
