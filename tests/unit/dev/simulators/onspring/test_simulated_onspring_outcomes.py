"""REST API outcomes: what sets them off, what they send, and what becomes of the answer. No socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from service.dev.simulators.onspring.courier import Courier
from service.dev.simulators.onspring.example import (
    COMPLETE,
    DESCRIPTION,
    NAME,
    STATUS,
    TASKS,
    USERS,
    example_state,
)
from service.dev.simulators.onspring.outcomes import BasicAuth, KeyAuth, OAuthAuth, Outcome
from service.dev.simulators.onspring.records import Happening
from service.dev.simulators.onspring.state import OnspringState
from tests.fixtures.waiting import wait_until_async

_URL = "https://relay.test/webhooks/onspring/key"


class _Receiver:
    """Answers as it is told, and remembers."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.answers: list[httpx2.Response | Exception] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else httpx2.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def bodies(self) -> list[str]:
        return [request.content.decode() for request in self.requests]


@pytest.fixture
def state() -> OnspringState:
    return example_state(key="any")


@pytest.fixture
def receiver() -> _Receiver:
    return _Receiver()


@asynccontextmanager
async def _at_work(state: OnspringState, receiver: _Receiver) -> AsyncIterator[None]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(receiver)) as client:
        courier = Courier(state, client)
        state.records.listeners.append(courier.notice)
        yield
        await courier.stop()


def _make(state: OnspringState, **settings: Any) -> Outcome:
    outcome = Outcome(1, TASKS, _URL, **settings)
    state.outcomes[1] = outcome
    return outcome


async def test_it_sends_ids_as_texts_in_an_array(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, headers={"X-Relay": "hello"})
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: state.deliveries[0].outcome == "answered")
    (request,) = receiver.requests
    assert (request.method, str(request.url)) == ("POST", _URL)
    assert json.loads(request.content) == [{"RecordId": "4", "AppId": str(TASKS)}]
    assert (request.headers["x-relay"], request.headers["content-type"]) == ("hello", "application/json")


async def test_a_quote_in_a_value_breaks_the_json(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, body='{"id": {:RecordId}, "name": "{:Name}", "status": "{:Status}", "none": "{:Other}"}')
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "plain", STATUS: [COMPLETE]})
        state.records.create(TASKS, {NAME: 'a "quoted" one'})
        await wait_until_async(lambda: len(receiver.requests) == 2)
    assert json.loads(receiver.bodies[0]) == {"id": 4, "name": "plain", "status": "Complete", "none": ""}
    with pytest.raises(json.JSONDecodeError):
        json.loads(receiver.bodies[1])


async def test_trigger_app_and_filter_decide(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, on={Happening.UPDATE}, filter=f"{STATUS} contains 'Complete'", body="{:RecordId}")
    first, third = (state.records.find(TASKS, record_id) for record_id in (1, 3))
    assert first is not None
    assert third is not None
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "a creation", STATUS: [COMPLETE]})
        state.records.create(USERS, {})
        state.records.update(first, {NAME: "not complete"})
        state.records.update(third, {NAME: "untold"}, told=False)
        state.records.update(third, {NAME: "told"})
        state.records.delete(third)
        await wait_until_async(lambda: len(receiver.requests) == 1)
    assert receiver.bodies == ["3"]
    assert len(state.deliveries) == 1


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (BasicAuth("relay", "secret"), "authorization", "Basic cmVsYXk6c2VjcmV0"),
        (KeyAuth("X-Key", "secret"), "x-key", "secret"),
        (OAuthAuth("https://id.test/token", "relay", "secret"), "authorization", "Bearer abc"),
    ],
)
async def test_it_proves_who_it_is(
    state: OnspringState, receiver: _Receiver, auth: Any, header: str, value: str
) -> None:
    _make(state, auth=auth)
    if isinstance(auth, OAuthAuth):
        receiver.answers.append(httpx2.Response(200, json={"access_token": "abc"}))
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: state.deliveries[0].outcome == "answered")
    assert receiver.requests[-1].headers[header] == value


async def test_without_a_token_nothing_is_sent(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, auth=OAuthAuth("https://id.test/token", "relay", "secret"))
    receiver.answers.append(httpx2.Response(200, text="<html>"))
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: state.deliveries[0].outcome != "waiting")
    assert state.deliveries[0].outcome == "NoTokenError"
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("retries", "expected"), [(0, 1), (2, 3)])
async def test_it_is_tried_as_often_as_is_set(
    state: OnspringState, receiver: _Receiver, retries: int, expected: int
) -> None:
    _make(state, retries=retries, retry_seconds=0)
    receiver.answers += [httpx2.ConnectError("refused"), httpx2.Response(503), httpx2.Response(200)]
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: len(receiver.requests) == expected)
        await asyncio.sleep(0)
    assert state.deliveries[0].tries == expected


async def test_the_answer_is_mapped_back_and_sets_nothing_off(
    state: OnspringState, receiver: _Receiver
) -> None:
    _make(state, answers={"note": DESCRIPTION, "absent": NAME})
    receiver.answers.append(httpx2.Response(200, json={"note": "seen", "other": 1}))
    async with _at_work(state, receiver):
        made = state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: bool(state.deliveries[0].mapped))
    assert made.values == {NAME: "New", DESCRIPTION: "seen"}
    assert len(state.deliveries) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx2.Response(200, text="thanks"), "Expecting value"),
        (httpx2.Response(200, json=[1]), "not an object"),
    ],
)
async def test_an_answer_that_fits_nowhere_is_told_of(
    state: OnspringState, receiver: _Receiver, answer: httpx2.Response, reason: str
) -> None:
    _make(state, answers={"note": DESCRIPTION})
    receiver.answers.append(answer)
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: bool(state.deliveries[0].refused))
    assert reason in state.deliveries[0].refused


async def test_deliveries_are_lost_and_repeated(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, body="{:RecordId}")
    state.faults.deliveries.drop_next, state.faults.deliveries.duplicate_next = 1, 1
    async with _at_work(state, receiver):
        for name in ("lost", "twice"):
            state.records.create(TASKS, {NAME: name})
        await wait_until_async(lambda: len(receiver.requests) == 2)
    assert receiver.bodies == ["5", "5"]
    assert state.deliveries[0].outcome == "dropped"


async def test_an_inverted_delivery_follows_the_next(state: OnspringState, receiver: _Receiver) -> None:
    _make(state, body="{:RecordId}")
    state.faults.deliveries.invert_next = 1
    async with _at_work(state, receiver):
        for name in ("second", "first"):
            state.records.create(TASKS, {NAME: name})
        await wait_until_async(lambda: len(receiver.requests) == 2)
    assert receiver.bodies == ["5", "4"]


async def test_an_answer_that_is_mapped_back_can_set_it_off_again(
    state: OnspringState, receiver: _Receiver
) -> None:
    _make(state, on={Happening.CREATE, Happening.UPDATE}, answers={"note": DESCRIPTION})
    state.settings.answers_fire = True
    receiver.answers.append(httpx2.Response(200, json={"note": "seen"}))
    async with _at_work(state, receiver):
        state.records.create(TASKS, {NAME: "New"})
        await wait_until_async(lambda: len(receiver.requests) == 2)
    assert [delivery.happening for delivery in state.deliveries] == [Happening.CREATE, Happening.UPDATE]
