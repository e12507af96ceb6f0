"""Every answer of CONTRACT §5, over real HTTP, and what is in the database afterwards."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from structlog.testing import capture_logs

from service.web.body import BodyLimits
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import (
    HEADER,
    SECRET,
    RunningReceiver,
    register,
    running_receiver,
    stored,
)

MEBIBYTE = 2**20


def test_a_delivery_is_stored_raw_and_answered_202(receiver: RunningReceiver, database: Database) -> None:
    body = b'{ "id":"i59adb", "title": "\xc3\xa4" }'
    answer = receiver.deliver(body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    columns = "account, app_id, kind, record_id, request_id, position, body, status, looks"
    row = ("main", "app-key", "update", "i59adb", UUID(answer.headers["x-request-id"]), 0, body, "pending", 0)
    assert database.execute(f"SELECT {columns} FROM deliveries") == [row]


def test_an_array_is_several_deliveries_with_one_body(receiver: RunningReceiver, database: Database) -> None:
    content = [{"id": "a"}, {"record_id": "b"}, {"data": {"id": "c"}}]
    assert receiver.deliver(content).json() == {"accepted": 3}
    rows = database.execute("SELECT record_id, position, body FROM deliveries ORDER BY id")
    assert [(record_id, position) for record_id, position, _ in rows] == [("a", 0), ("b", 1), ("c", 2)]
    assert json.loads(rows[0][2]) == content
    assert [body for _, _, body in rows[1:]] == [None, None]


def test_duplicates_are_stored_separately(receiver: RunningReceiver, database: Database) -> None:
    for _ in range(3):
        assert receiver.deliver({"id": "same"}).status_code == 202
    assert stored(database) == ["same"] * 3


def test_a_thousand_ids_are_accepted(receiver: RunningReceiver, database: Database) -> None:
    assert receiver.deliver([{"id": f"r{number}"} for number in range(1000)]).json() == {"accepted": 1000}
    assert stored(database) == [f"r{number}" for number in range(1000)]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"id=5", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        ([], 422),
        ({}, 422),
        ("text", 422),
        ([{"id": "a"}, {"name": "no id"}], 422),
        ([{"id": f"r{number}"} for number in range(1001)], 422),
        ({"id": "a\u0000b"}, 422),
        ({"id": "x" * 65}, 422),
    ],
)
def test_a_body_that_says_nothing_is_refused_whole(
    receiver: RunningReceiver, database: Database, content: Any, status: int
) -> None:
    answer = receiver.deliver(content)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert stored(database) == []


@pytest.mark.parametrize("key", ["key", "unknown"])
def test_another_method_is_405_before_anything_else(receiver: RunningReceiver, key: str) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = receiver.http.request(method, f"/webhooks/fusioo/{key}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), method


def test_the_secret_is_checked_before_the_body(receiver: RunningReceiver) -> None:
    assert receiver.deliver(b"no json", secret="wrong").status_code == 401
    assert receiver.deliver(b"x" * (2 * MEBIBYTE), secret="wrong").status_code == 401
    assert receiver.deliver(b"no json", key="unknown").status_code == 404
    with receiver.open(f"{HEADER}: wrong", "Content-Length: 1000") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")  # it never asked for the body


def test_a_body_of_one_mebibyte_is_accepted_and_one_byte_more_is_not(
    receiver: RunningReceiver, database: Database
) -> None:
    frame = len(b'{"id":"a","x":""}')
    fitting = b'{"id":"a","x":"%s"}' % (b"x" * (MEBIBYTE - frame))
    assert receiver.deliver(fitting).status_code == 202
    answer = receiver.deliver(fitting + b" ")
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/json")
    assert len(stored(database)) == 1


def test_a_chunked_body_is_counted_not_cut(receiver: RunningReceiver, database: Database) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        yield b'{"id":"a"}'
        for _ in range(count):
            yield b" " * 65_536

    def send(count: int) -> httpx2.Response:
        return receiver.http.post("/webhooks/fusioo/key", headers={HEADER: SECRET}, content=chunks(count))

    assert send(16).status_code == 413
    assert stored(database) == []
    assert send(15).status_code == 202


def test_a_slow_body_is_408_and_the_connection_ends(database: Database, web_options: WebOptions) -> None:
    register(database)
    limits = BodyLimits(time=timedelta(milliseconds=200))
    with running_receiver(replace(web_options, body=limits)) as receiver:
        with receiver.open(f"{HEADER}: {SECRET}", "Content-Length: 10") as connection:
            connection.sendall(b'{"id"')
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
            assert connection.recv(1000) == b""
        assert stored(database) == []


def test_a_sender_that_hangs_up_in_its_body_stores_nothing(
    receiver: RunningReceiver, database: Database
) -> None:
    with receiver.open(f"{HEADER}: {SECRET}", "Content-Length: 100") as connection:
        connection.sendall(b'{"id":"cut"}')
    assert receiver.deliver({"id": "next"}).status_code == 202
    assert stored(database) == ["next"]


def test_webhooks_are_also_served_below_the_path_of_the_public_url(
    database: Database, web_options: WebOptions
) -> None:
    register(database)
    with running_receiver(replace(web_options, public_path="/relay")) as receiver:
        for path in ("/relay/webhooks/fusioo/key", "/webhooks/fusioo/key"):
            answer = receiver.http.post(path, headers={HEADER: SECRET}, json={"id": "a"})
            assert answer.status_code == 202


def test_the_log_shows_neither_secret_nor_key_nor_body(receiver: RunningReceiver) -> None:
    with capture_logs() as lines:
        receiver.deliver({"id": "a", "title": "private"})
        receiver.deliver({"id": "a", "title": "private"}, secret="a-wrong-one")
        receiver.deliver(b"private", key="key")
    assert {"deliveries.stored", "request.refused"} <= {line["event"] for line in lines}
    told = repr(lines)
    assert not [word for word in (SECRET, "a-wrong-one", "private", "/key") if word in told]
    line = next(line for line in lines if line["event"] == "deliveries.stored")
    assert (line["requests"], line["deliveries"]) == (1, 1)


def test_unknown_paths_are_json_too(receiver: RunningReceiver) -> None:
    answer = receiver.http.get("/nothing-here")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})
    assert "server" not in answer.headers
