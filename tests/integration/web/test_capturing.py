"""A capture's URL takes anything for a while, over real HTTP, and keeps nothing that is secret."""

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from service.captures.listing import CapturedView
from service.db.engine import open_engine
from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.pipeline.capturing.watch import begin, requests_of
from service.web.body import BodyLimits
from service.web.lifespan import WebOptions
from tests.fixtures.database import Database
from tests.fixtures.receiver import RunningReceiver, running_receiver
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.switching import turn_now
from tests.fixtures.waiting import wait_until

HOUR = timedelta(hours=1)
MEBIBYTE = 2**20


@pytest.fixture
def web(web_options: WebOptions) -> Iterator[RunningReceiver]:
    with running_receiver(web_options) as running:
        yield running


def begun(database: Database, *, lasts: timedelta = HOUR, requests: int = 100) -> str:
    """Begin a capture; gives its key."""

    async def work() -> str:
        engine = open_engine(database.url, name="test")
        try:
            return (await begin(engine, lasts=lasts, requests=requests)).key
        finally:
            await engine.dispose()

    return asyncio.run(work())


def captured(database: Database, key: str) -> list[CapturedView]:
    async def work() -> list[CapturedView]:
        engine = open_engine(database.url, name="test")
        try:
            return (await requests_of(engine, key))[1]
        finally:
            await engine.dispose()

    return asyncio.run(work())


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_any_method_is_captured(web: RunningReceiver, database: Database, method: str) -> None:
    key = begun(database)
    answer = web.http.request(method, f"/capture/{key}", params={"a": "b"})
    assert answer.status_code == 200
    assert method == "HEAD" or answer.json() == {"captured": 1}
    (request,) = captured(database, key)
    assert (request.method, request.query, request.body, request.length) == (method, "a=b", "", 0)


def test_a_request_is_kept_without_its_secrets_and_read(web: RunningReceiver, database: Database) -> None:
    key = begun(database)
    body = {"record_id": "i59adb", "app_id": "ia4f42", "event": "updated", "secret": "hush-hush"}
    headers = {"X-Fusioo-Secret": "sesame-sesame", "X-Odd": "odd-value"}
    with capture_logs() as lines:
        answer = web.http.post(f"/capture/{key}?token=t0ken-t0ken", headers=headers, json=body)
    assert answer.json() == {"captured": 1}
    (request,) = captured(database, key)
    assert json.loads(request.body) == {**body, "secret": "[redacted: 9 characters, like base64]"}
    shown = {header["name"]: header["value"] or header["shape"] for header in request.headers}
    assert shown["content-type"] == "application/json"
    assert shown["x-fusioo-secret"] == "13 characters, like base64"
    assert shown["x-odd"] == "9 characters, like base64"
    assert request.query == "token=[redacted]"
    reading = request.reading
    assert (reading["problem"], reading["records"], reading["kind"]) == (None, 1, "update")
    stored = str(
        database.execute("SELECT captured_requests::text, encode(body, 'escape') FROM captured_requests")
    )
    for secret in ("hush-hush", "sesame-sesame", "t0ken-t0ken", "odd-value"):
        assert secret not in stored + str(lines)


SHAPES = {
    "id": ("id", None),
    "bare": ("[]", "[]"),
    "record_id": ("record_id", None),
    "recordId": ("recordId", None),
    "data.id": ("data.id", None),
    "record.id": ("record.id", None),
    "record": ("id", None),
    "array": ("id", None),
    "workflow": ("record_id", None),
}


def test_every_body_that_the_simulator_sends_is_read_right(
    web: RunningReceiver, database: Database, simulator: RunningSimulator
) -> None:
    key = begun(database)
    flags = {"on_create": True, "on_update": True, "on_delete": True}
    simulator.state.add_webhook(f"{web.url}/capture/{key}", TASKS_ID, **flags)

    def latest(number: int) -> CapturedView | None:
        found = captured(database, key)
        return found[-1] if len(found) == number else None

    for number, (shape, (place, id_path)) in enumerate(SHAPES.items(), start=1):
        turn_now(simulator, delivery_body=shape)
        answer = httpx2.post(f"{simulator.origin}/_sim/records/{TASKS_ID}", json={"title": "New"})
        assert answer.status_code == 200, answer.text
        request = wait_until(partial(latest, number))
        assert request is not None
        reading = request.reading
        assert reading["ids"][0] == {"path": place, "value": answer.json()["id"]}, shape
        assert (reading["records"], reading["id_path"]) == (1, id_path), shape
        assert (reading["problem"] is None) is (shape != "bare")
        assert reading["secret_headers"] == ["x-fusioo-secret"]
        assert [each["value"] for each in reading["apps"]] == ([TASKS_ID] if shape == "workflow" else [])


def test_unknown_keys_are_not_found_and_share_a_query_a_second(
    web: RunningReceiver, database: Database, statements: list[str]
) -> None:
    def send(number: int) -> int:
        return web.http.post(f"/capture/unknown-{number}", json={}).status_code

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(150)))
    assert answers == [404] * 150
    asked = [each for each in statements if "FROM captures" in each]
    assert 1 <= len(asked) <= 10
    assert database.execute("SELECT * FROM captured_requests") == []


def test_an_expired_or_full_capture_is_not_found(web: RunningReceiver, database: Database) -> None:
    full, over = begun(database, requests=2), begun(database)
    counts = [web.http.post(f"/capture/{full}", content=b"x").json() for _ in range(2)]
    assert counts == [{"captured": 1}, {"captured": 2}]
    assert web.http.post(f"/capture/{over}").status_code == 200
    database.execute("UPDATE captures SET expires_at = now() WHERE key = %s", [over])
    for key in (full, over):
        answer = web.http.post(f"/capture/{key}", content=b"x")
        assert answer.status_code == 404
        assert "relay capture" in answer.json()["error"]
    assert [len(captured(database, key)) for key in (full, over)] == [2, 1]


def test_many_at_once_are_no_more_than_it_takes(web: RunningReceiver, database: Database) -> None:
    key = begun(database, requests=7)

    def send(number: int) -> tuple[int, Any]:
        answer = web.http.post(f"/capture/{key}", json={"id": f"r{number}"})
        return answer.status_code, answer.json().get("captured")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert sorted(count for status, count in answers if status == 200) == list(range(1, 8))
    assert len(captured(database, key)) == 7


def test_bodies_are_limited_as_those_of_webhooks(web_options: WebOptions, database: Database) -> None:
    key = begun(database)
    limits = BodyLimits(time=timedelta(milliseconds=200))
    with running_receiver(replace(web_options, body=limits)) as web:
        assert web.http.post(f"/capture/{key}", content=b"x" * (MEBIBYTE + 1)).status_code == 413
        with socket.create_connection(("127.0.0.1", web.port), timeout=20) as slow:
            slow.sendall(f"POST /capture/{key} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())
            assert b" 408 " in slow.recv(1000)
        assert web.http.post(f"/capture/{key}", content=b"x" * MEBIBYTE).status_code == 200
    (request,) = captured(database, key)
    assert request.length == MEBIBYTE
    assert request.body.endswith("[clipped: 1048576 bytes in all]")


def test_it_answers_below_the_path_of_the_public_url_too(web_options: WebOptions, database: Database) -> None:
    key = begun(database)
    with running_receiver(replace(web_options, public_path="/relay")) as web:
        assert web.http.post(f"/relay/capture/{key}").json() == {"captured": 1}


def test_without_a_database_it_is_our_fault(web_options: WebOptions) -> None:
    away = replace(web_options, database_url="postgresql://nobody@127.0.0.1:1/none")
    with running_receiver(away) as web:
        answer = web.http.post("/capture/key")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
