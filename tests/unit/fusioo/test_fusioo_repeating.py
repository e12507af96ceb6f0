"""Calls that are repeated at once, and those that never are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.errors import BudgetExhaustedError
from service.fusioo import errors
from service.fusioo.client import FusiooClient
from service.transport.http import Timeout, make_client
from service.transport.retrying import NO_RETRIES, Retries
from tests.fixtures.fusioo_client import client_over, enveloped

QUICK = Retries(attempts=3, first_pause=0.0, longest_pause=0.0)
RECORD = enveloped({"id": "i1", "title": "T", "name": "n"})

Doing = Callable[[FusiooClient], Awaitable[Any]]
READ: Doing = lambda client: client.records.get("i1")  # noqa: E731  a table's entry
CREATE: Doing = lambda client: client.records.create("ia", {"title": "T"})  # noqa: E731  likewise
UPDATE: Doing = lambda client: client.records.update("i1", {"title": "T"})  # noqa: E731  likewise
DELETE: Doing = lambda client: client.records.delete("i1")  # noqa: E731  likewise
SEND: Doing = lambda client: client.files.create(b"content", name="a.txt")  # noqa: E731  likewise

Happening = Exception | httpx2.Response
REFUSED = httpx2.ConnectError("refused")
RESET = httpx2.ReadError("reset")


class Fusioo:
    """Does what is listed, one for each request, and the last again and again."""

    def __init__(self, *happenings: Happening) -> None:
        self.requests: list[httpx2.Request] = []
        self._happenings = list(happenings)

    async def after_reading(self, request: httpx2.Request) -> httpx2.Response:
        """Read the body before answering, unless it is not reached at all."""
        if self._happenings[0] is not REFUSED:
            await request.aread()
        return self(request)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        happening = self._happenings.pop(0) if len(self._happenings) > 1 else self._happenings[0]
        if isinstance(happening, Exception):
            raise happening
        return happening


@pytest.mark.parametrize("doing", [READ, CREATE, UPDATE, DELETE, SEND])
async def test_what_was_never_sent_is_repeated(doing: Doing) -> None:
    fusioo = Fusioo(REFUSED, REFUSED, RECORD)
    async with client_over(fusioo, retries=QUICK) as client:
        await doing(client)
    assert len(fusioo.requests) == 3


@pytest.mark.parametrize("doing", [READ, CREATE, UPDATE])
async def test_concurrent_requests_are_repeated(doing: Doing) -> None:
    fusioo = Fusioo(enveloped(code=30054), RECORD)
    async with client_over(fusioo, retries=QUICK) as client:
        await doing(client)
    first, second = fusioo.requests
    assert first.content == second.content


@pytest.mark.parametrize(
    "failure",
    [
        RESET,
        httpx2.ReadTimeout("slow"),
        httpx2.Response(502, text="<html>"),
        httpx2.Response(503, headers={"Retry-After": "0"}),
        enveloped(code=10001, status=500),
    ],
)
async def test_what_may_have_been_done_is_repeated_only_where_twice_is_once(failure: Happening) -> None:
    fusioo = Fusioo(failure, RECORD)
    async with client_over(fusioo, retries=QUICK) as client:
        await READ(client)
    assert len(fusioo.requests) == 2
    for doing in (CREATE, UPDATE, SEND):
        fusioo = Fusioo(failure, RECORD)
        async with client_over(fusioo, retries=QUICK) as client:
            with pytest.raises((errors.UnreachableError, errors.UnavailableError, errors.InternalError)):
                await doing(client)
        assert len(fusioo.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(429),
        httpx2.Response(429, headers={"Retry-After": "0"}),
        httpx2.Response(401),
        httpx2.Response(200, text="<html>"),
        enveloped(code=30051, status=404),
        enveloped(code=39999),
    ],
)
async def test_what_will_not_be_better_at_once_is_not_repeated(answer: httpx2.Response) -> None:
    fusioo = Fusioo(answer)
    async with client_over(fusioo, retries=QUICK) as client:
        with pytest.raises(errors.FusiooError):
            await READ(client)
    assert len(fusioo.requests) == 1


async def test_attempts_are_bounded_and_can_be_turned_off() -> None:
    for retries, tried in ((QUICK, 3), (NO_RETRIES, 1)):
        fusioo = Fusioo(RESET)
        async with client_over(fusioo, retries=retries) as client:
            with pytest.raises(errors.UnreachableError, match="reset"):
                await READ(client)
        assert len(fusioo.requests) == tried


async def test_a_wait_that_they_ask_for_is_kept_if_it_is_short() -> None:
    loop = asyncio.get_running_loop()
    patient = Retries(attempts=2, first_pause=0.0, longest_pause=1.0)
    fusioo = Fusioo(httpx2.Response(503, headers={"Retry-After": "1"}), RECORD)
    async with client_over(fusioo, retries=patient) as client:
        began = loop.time()
        await READ(client)
        assert loop.time() - began >= 0.99
    fusioo = Fusioo(httpx2.Response(503, headers={"Retry-After": "2"}))
    async with client_over(fusioo, retries=patient) as client:
        with pytest.raises(errors.UnavailableError) as caught:
            await READ(client)
    assert caught.value.retry_after == 2.0
    assert len(fusioo.requests) == 1


async def test_all_attempts_share_the_time_limit() -> None:
    fusioo = Fusioo(RESET)
    patient = Retries(attempts=100, first_pause=0.05, longest_pause=0.05)
    async with client_over(fusioo, retries=patient, timeout=0.2) as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(errors.UnreachableError, match="reset"):
            await READ(client)
        assert asyncio.get_running_loop().time() - began < 0.3
    assert 1 < len(fusioo.requests) < 5


async def test_all_attempts_at_a_file_share_the_time_limit_until_its_head_is_there() -> None:
    requests: list[httpx2.Request] = []

    async def answering(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        if len(requests) == 1:
            raise RESET
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    patient = Retries(attempts=2, first_pause=0.2, longest_pause=0.2)
    async with client_over(answering, retries=patient, timeout=1.0) as client:
        with pytest.raises(errors.UnreachableError, match=r"did not answer within 0\.[0-8]"):
            async with client.files.download("i1"):
                raise AssertionError("there was no head")
    assert len(requests) == 2


class CountingMeter:
    """Counts the attempts; has only so many calls."""

    def __init__(self, calls: int) -> None:
        self.statuses: list[int | None] = []
        self._calls = calls

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:
        assert endpoint == "GET /records/{record}"
        if len(self.statuses) == self._calls:
            raise BudgetExhaustedError("main", datetime(2026, 11, 22, 5, tzinfo=UTC))
        self.statuses.append(None)

        def note(status: int) -> None:
            self.statuses[-1] = status

        yield note


async def test_each_attempt_is_counted() -> None:
    meter = CountingMeter(9)
    async with client_over(
        Fusioo(REFUSED, httpx2.Response(502), RECORD), meter=meter, retries=QUICK
    ) as client:
        await READ(client)
    assert meter.statuses == [None, 502, 200]


async def test_there_is_no_repetition_without_budget() -> None:
    fusioo = Fusioo(RESET)
    async with client_over(fusioo, meter=CountingMeter(1), retries=QUICK) as client:
        with pytest.raises(BudgetExhaustedError):
            await READ(client)
    assert len(fusioo.requests) == 1


@pytest.mark.parametrize(
    ("doing", "code"),
    [
        (DELETE, 30051),
        (lambda client: client.discussions.delete("id"), 30056),
        (lambda client: client.files.delete("if"), 30250),
        (lambda client: client.webhooks.delete("iw"), 30200),
    ],
)
async def test_a_deletion_whose_answer_was_lost_finds_nothing_any_more(doing: Doing, code: int) -> None:
    gone = enveloped(code=code, status=404)
    async with client_over(Fusioo(RESET, gone), retries=QUICK) as client:
        await doing(client)
    async with client_over(Fusioo(REFUSED, gone), retries=QUICK) as client:
        with pytest.raises(LookupError):  # the first attempt never arrived: there was nothing to delete
            await doing(client)
    async with client_over(Fusioo(RESET, enveloped(code=30001)), retries=QUICK) as client:
        with pytest.raises(errors.FusiooError):
            await doing(client)


class Renewing:
    """Credentials that run out: each refused token is followed by the next one, while there is one."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": self.tokens[0]}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        assert headers == {"Authorization": self.tokens[0]}
        self.tokens.pop(0) if len(self.tokens) > 1 else None
        return len(self.tokens) > 1


def accepting(token: str) -> tuple[list[str], Callable[[httpx2.Request], httpx2.Response]]:
    seen: list[str] = []

    def answering(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return RECORD if seen[-1] == token else enveloped(code=10003, status=401)

    return seen, answering


def authorized(auth: Renewing, answering: Any, retries: Retries) -> FusiooClient:
    http = make_client(timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(answering))
    return FusiooClient(auth=auth, http=http, timeout=5.0, retries=retries)


@pytest.mark.parametrize("doing", [READ, CREATE, SEND])
async def test_a_token_that_ran_out_is_replaced_within_the_call(doing: Doing) -> None:
    seen, answering = accepting("new")
    async with authorized(Renewing("old", "new", "spare"), answering, QUICK) as client:
        await doing(client)
    assert seen == ["old", "new"]


async def test_who_repeats_by_himself_hears_that_there_is_a_new_token() -> None:
    _, answering = accepting("new")
    async with authorized(Renewing("old", "new", "spare"), answering, NO_RETRIES) as client:
        with pytest.raises(errors.StaleTokenError) as caught:
            await READ(client)
        assert caught.value.status == 401
        await READ(client)


async def test_without_another_token_the_account_is_refused() -> None:
    seen, answering = accepting("none")
    async with authorized(Renewing("old"), answering, QUICK) as client:
        with pytest.raises(errors.UnauthorizedError):
            await READ(client)
    assert seen == ["old"]


async def test_a_body_that_is_used_up_is_not_sent_again(tmp_path: Path) -> None:
    async def arriving() -> AsyncIterator[bytes]:
        yield b"content"

    async def sending(client: FusiooClient) -> None:
        await client.files.create(arriving(), name="a.txt")

    async def sending_a_file(client: FusiooClient) -> None:
        (tmp_path / "a.txt").write_bytes(b"content")
        await client.files.create(tmp_path / "a.txt")

    for happening, doing, tried in (
        (REFUSED, sending, 2),  # nothing was read
        (enveloped(code=30054), sending, 1),
        (enveloped(code=30054), sending_a_file, 2),
    ):
        fusioo = Fusioo(happening, RECORD)
        async with client_over(fusioo.after_reading, retries=QUICK) as client:
            try:
                await doing(client)
            except errors.ConcurrentRequestsError:
                assert tried == 1
        assert len(fusioo.requests) == tried
