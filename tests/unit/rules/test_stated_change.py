"""A change that a file states: what our own outputs look like, and what people write."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.changes.types import App, FieldDiff, Kind, Origin
from service.errors import RefusedError
from service.handlers.payload import build_payload, encode_payload
from service.rules.linked import Linked
from service.rules.rejudging import KeptChange
from service.rules.stated_change import read_stated_change
from tests.fixtures.changes import UPDATE
from tests.fixtures.handling import context

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SMALLEST: dict[str, Any] = {"account": "main", "app": {"id": "ia4f42"}, "kind": "create"}


def read(content: Any) -> KeptChange:
    return read_stated_change(content, place="change.json", now=NOW)


def body() -> Any:
    return json.loads(encode_payload(build_payload(UPDATE, context())))


@pytest.mark.parametrize("inner", [False, True])
def test_the_body_of_an_http_handler_is_the_change_that_it_tells_of(inner: bool) -> None:
    stated = read(body()["data"] if inner else body())
    moment = NOW if inner else UPDATE.created_at  # the moment stands outside `data`
    told = replace(UPDATE, provider="", linked={}, created_at=moment)
    assert stated.change == told
    assert stated.linked == {"": Linked({"client": [{"id": "c1"}]}, {})}


def test_what_changes_show_prints_is_the_change() -> None:
    stated = read(
        {
            "id": str(UPDATE.id),
            "account": "main",
            "app_id": "ia4f42",
            "record_id": "i59adb",
            "version": 7,
            "kind": "delete",
            "origin": "reconcile",
            "restored": False,
            "diff": None,
            "deliveries": 3,
            "first_received_at": None,
            "call_id": 4,
            "record": None,
            "created_at": "2026-11-22T05:00:00Z",
        }
    )
    assert stated.change == replace(
        UPDATE,
        provider="",
        app=App("ia4f42", "ia4f42"),
        kind=Kind.DELETE,
        origin=Origin.RECONCILE,
        diff=None,
        record=None,
        linked={},
    )


def test_little_must_be_said() -> None:
    stated = read({**SMALLEST, "record": {"id": "i1", "a": 1}, "diff": {"a": {"after": 1}}})
    change = stated.change
    assert (change.record_id, change.origin, change.created_at) == ("i1", Origin.WEBHOOK, NOW)
    assert change.diff == {"a": FieldDiff(None, 1)}
    assert (stated.verdicts, stated.linked) == (None, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "change.json: should be a JSON object that states a change"),
        ({}, "`account`: Field required; `app`: Field required; `kind`: Field required"),
        ({**SMALLEST, "kind": "edit"}, "`kind`: Input should be 'create', 'update' or 'delete'"),
        ({**SMALLEST, "diff": {"a": 1}}, "`diff.a`: "),
    ],
)
def test_what_is_no_change_is_refused_with_what_is_missing(content: Any, message: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(message)):
        read(content)
