"""Who wants to know is told of each write before it is sent; and which failed calls surely wrote nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.fusioo.computed import computed_in_schema
from service.fusioo.errors import (
    ConcurrentRequestsError,
    FusiooError,
    InternalError,
    RateLimitedError,
    RecordNotFoundError,
    RequestTooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnknownCodeError,
    UnreachableError,
    UnreadableAnswerError,
    ValidationFailedError,
)
from service.fusioo.repeating import surely_wrote_nothing
from service.transport.http import Timeout, make_client
from service.transport.noting import Write
from tests.fixtures.fusioo_client import BASE, TOKEN, enveloped


class Notes:
    """Keeps, in order, what was told and what was sent."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.seen: list[object] = []
        self._answer = answer

    @asynccontextmanager
    async def noting(self, write: Write) -> AsyncIterator[None]:
        self.seen.append(write)
        try:
            yield
        except FusiooError as error:
            self.seen.append(type(error))
            raise

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request.method)
        return self._answer

    def client(self) -> FusiooClient:
        http = make_client(
            timeout=Timeout(5.0), allow_private=False, transport=httpx2.MockTransport(self._send)
        )
        return FusiooClient(
            auth=StaticToken(TOKEN), http=http, timeout=5.0, base_url=BASE, noting=self.noting
        )


async def test_each_create_and_update_of_a_record_is_told_before_it_is_sent() -> None:
    notes = Notes(enveloped({"id": "inew"}))
    async with notes.client() as client:
        await client.records.create("ia4f42", {"title": "t"})
        await client.records.update("i59adb", {"status": ["Done"]})
        await client.records.get("i59adb")
        await client.discussions.create("i59adb", "Hello")
    assert notes.seen == [
        Write({"title": "t"}, app_id="ia4f42"),
        "POST",
        Write({"status": ["Done"]}, record_id="i59adb"),
        "PATCH",
        "GET",
        "POST",
    ]


async def test_it_is_told_of_refusals_too() -> None:
    notes = Notes(enveloped(code=30051, status=404))
    async with notes.client() as client:
        with pytest.raises(RecordNotFoundError):
            await client.records.update("i59adb", {"status": ["Done"]})
    assert notes.seen[1:] == ["PATCH", RecordNotFoundError]


async def test_what_can_not_be_sent_is_not_told() -> None:
    notes = Notes(enveloped({}))
    async with notes.client() as client:
        with pytest.raises(ValueError, match="JSON"):
            await client.records.update("i59adb", {"rank": float("nan")})
    assert notes.seen == []


def _unreachable(*, may_have_acted: bool) -> UnreachableError:
    error = UnreachableError(endpoint="PATCH /records/{record}")
    error.may_have_acted = may_have_acted
    return error


@pytest.mark.parametrize(
    ("error", "surely"),
    [
        *(
            (kind(endpoint="PATCH /records/{record}"), True)
            for kind in (
                ValidationFailedError,
                RecordNotFoundError,
                ConcurrentRequestsError,
                RateLimitedError,
                UnauthorizedError,
            )
        ),
        *(
            (kind(endpoint="PATCH /records/{record}"), False)
            for kind in (
                UnavailableError,
                InternalError,
                UnreadableAnswerError,
                UnknownCodeError,
                RequestTooLargeError,
            )
        ),
        (_unreachable(may_have_acted=True), False),
        (_unreachable(may_have_acted=False), True),
        (RuntimeError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_which_failed_calls_surely_wrote_nothing(error: Exception, *, surely: bool) -> None:
    assert surely_wrote_nothing(error) is surely


def test_fields_that_fusioo_sets_itself() -> None:
    types = {
        "title": "text",
        "sum": "formula",
        "total": "roll_up",
        "number": "auto_number",
        "odd": "new_type",
    }
    schema = {"id": "ia4f42", "fields": [{"id": name, "type": kind} for name, kind in types.items()]}
    assert computed_in_schema(schema) == {"sum", "total", "number"}
    assert computed_in_schema({"fields": []}) == computed_in_schema({"id": 3}) == frozenset()
