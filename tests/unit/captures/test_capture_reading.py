"""How a request would be read, and which settings are proposed for it."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.captures.proposing import propose
from service.captures.reading import Reading, read_request
from service.fusioo.webhooks import parse_delivery
from service.transport.id_path import IdPath

RECORD = "i" + "0a" * 16
OTHER = "i" + "0b" * 16


def read(body: Any, *headers: str, method: str = "POST") -> Reading:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_request(method, [(name.encode(), b"value") for name in headers], content)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"id": RECORD}, "id"),
        ({"record_id": RECORD, "app_id": "ia4f42"}, "record_id"),
        ({"recordId": RECORD}, "recordId"),
        ({"data": {"id": RECORD}}, "data.id"),
        ({"record": {"id": RECORD}}, "record.id"),
        ([{"id": RECORD}], "id"),
        ({"id": RECORD, "client": [OTHER], "record": OTHER}, "id"),
        ({"id": "i59adb", "client": [OTHER]}, "id"),
    ],
)
def test_usual_bodies_need_no_setting(body: Any, path: str) -> None:
    reading = read(body)
    assert (reading.problem, reading.records, reading.id_path) == (None, 1, None)
    assert reading.ids[0].path == path
    assert reading.is_array is isinstance(body, list)


@pytest.mark.parametrize(
    ("body", "path", "records"),
    [
        ([{"RecordId": OTHER, "AppId": "100"}, {"RecordId": RECORD, "AppId": "100"}], "RecordId", 2),
        ({"payload": {"recordRef": "i59adb", "userId": "i5"}}, "payload.recordRef", 1),
        ({"rows": [{"record": RECORD}, {"record": OTHER}]}, "rows[].record", 2),
        ({"changed": {"ids": ["a", "b"]}}, "changed.ids[]", 2),
        ({"app": {"id": "ia"}, "event": {"id": "e1"}, "thing": {"id": "r1"}}, "thing.id", 1),
        ({"user": {"id": OTHER}, "what": RECORD}, "what", 1),
        ({"id": "event-1", "body": {"record_id": RECORD}}, "body.record_id", 1),
        (RECORD, "[]", 1),
        ([RECORD, OTHER], "[]", 2),
    ],
)
def test_the_path_to_an_id_elsewhere_is_proposed_and_works(body: Any, path: str, records: int) -> None:
    reading = read(body)
    assert (reading.id_path, reading.records) == (path, records)
    assert len(parse_delivery(json.dumps(body).encode(), IdPath(path))) == records
    assert propose(asdict(reading), "main").settings == {"id_path": path}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is not JSON (line 1, column 1)"),
        (b"record=1", "the body is not JSON (line 1, column 1)"),
        ({}, "element 0 has no record id"),
        ([], "the body is an array of 0"),
        ([{"id": "a"}, {"title": "b"}], "element 1 has no record id"),
    ],
)
def test_what_would_be_refused_says_why(body: Any, problem: str) -> None:
    reading = read(body)
    assert reading.problem is not None
    assert reading.problem.startswith(problem)
    assert reading.records == 0


def test_webhooks_are_delivered_by_post() -> None:
    assert read({"id": "a"}, method="PUT").problem == "webhooks are delivered by POST, this is PUT"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("event", "record.updated", "update"),
        ("type", "RecordCreated", "create"),
        ("action", "DELETE", "delete"),
        ("event_type", "moved to trash", "delete"),
        ("type", "record", None),
        ("action", "created or updated", None),
    ],
)
def test_the_kind_is_told_by_usual_words(name: str, value: str, kind: str | None) -> None:
    reading = read({"id": "a", "meta": {name: value}})
    assert reading.kind == kind
    assert [(place.path, place.value) for place in reading.kinds] == [(f"meta.{name}", value)]
    assert propose(asdict(reading), "main").command.endswith(f"--kind {kind}" if kind else "add main APP")


@pytest.mark.parametrize(
    ("headers", "first", "proposed"),
    [
        (["host", "x-fusioo-secret", "x-other-secret"], "x-fusioo-secret", None),
        (["host", "x-hook-secret", "x-event"], "x-hook-secret", "X-Hook-Secret"),
        (["x-request-id", "authorization"], "authorization", "Authorization"),
        (["x-token", "x-hook-secret"], "x-hook-secret", "X-Hook-Secret"),
        (["x-signature-256", "x-event"], "x-event", None),
        (["x-hmac"], "x-hmac", None),
        (["cookie", "x-forwarded-for", "content-type", "accept"], None, None),
    ],
)
def test_the_header_of_the_secret_is_told_by_its_name(
    headers: list[str], first: str | None, proposed: str | None
) -> None:
    reading = read({"id": "a"}, *headers)
    assert next(iter(reading.secret_headers), None) == first
    assert reading.secret_header == proposed


def test_the_proposal_names_app_and_kind() -> None:
    body = {"record_id": RECORD, "app_id": "ia4f42", "event": "updated"}
    proposal = propose(asdict(read(body, "x-hook-secret")), "other")
    assert proposal.settings == {"secret_header": "X-Hook-Secret"}
    assert proposal.command == "relay webhooks add other ia4f42 --kind update"


def test_what_smells_of_a_secret_is_never_quoted() -> None:
    body = {
        "token": "t0ken",
        "auth": {"id": "secret-id"},
        "key": "k",
        "id": "a",
        "event": {"secret": "created"},
    }
    told = json.dumps(asdict(read(body)))
    assert not {word for word in ("t0ken", "secret-id", '"k"', "created") if word in told}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(RECORD),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["id", "data", "recordId", "type", "a.b"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_and_can_be_stored(body: bytes) -> None:
    reading = read(body)
    told = json.dumps(asdict(reading))
    assert "\\u0000" not in told
    told.encode()
    if reading.id_path is not None and reading.records:
        assert len(parse_delivery(body, IdPath(reading.id_path))) == reading.records
    if reading.problem is None and reading.provider == "fusioo":
        assert parse_delivery(body)


@pytest.mark.parametrize(
    ("headers", "settings"),
    [
        (["x-relay-secret"], {"provider": "onspring"}),
        (["authorization"], {"provider": "onspring"}),
        (["x-own-secret"], {"provider": "onspring", "secret_header": "X-Own-Secret"}),
    ],
)
def test_an_outcome_of_onspring_is_known_by_its_ids(headers: list[str], settings: dict[str, str]) -> None:
    reading = read([{"RecordId": "16", "AppId": "100"}, {"RecordId": "17", "AppId": "100"}], *headers)
    assert (reading.provider, reading.problem, reading.records, reading.id_path) == (
        "onspring",
        None,
        2,
        None,
    )
    proposal = propose(asdict(reading), "grc")
    assert (proposal.settings, proposal.command) == (settings, "relay webhooks add grc 100")
