"""A Fusioo that answers as a test says, and remembers what it was asked. Nothing goes over a network.

For Fusioo's own behaviour (permissions, options of lists, paging) there is `relay simulate fusioo`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from service.changes.types import Fields
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.fusioo.protocol import BASE_URL
from service.handlers.clients import GuardedAuth, GuardedMeter
from service.handlers.database import HandlerDatabase
from service.transport.answering import AnsweringTransport
from service.transport.http import Timeout, make_client
from service.transport.messages import Request, Response
from service.transport.metering import Unmetered
from service.transport.retrying import NO_RETRIES

_SECONDS = 5.0
_SUCCESS = 10000
_NOT_FOUND = 30051


@dataclass(frozen=True, slots=True)
class FusiooCall:
    """One call that was made: `FusiooCall("PATCH", "/records/i59adb", {"status": ["Done"]})`."""

    method: str
    path: str
    """Below the base URL, decoded, without a query."""
    body: Any = None
    """The JSON that was sent; None: none was."""


class FakeFusioo:
    """Answers each call with success and no data; records that it was given are found by their ids."""

    def __init__(self, records: Mapping[str, Fields] | None = None) -> None:
        """`records`: by id; without them every record is unknown."""
        self.records = {
            record_id: {"id": record_id, **fields} for record_id, fields in (records or {}).items()
        }
        self._calls: list[FusiooCall] = []
        self._answers: dict[tuple[str, str], Response] = {}

    @property
    def calls(self) -> tuple[FusiooCall, ...]:
        """What was asked, in order."""
        return tuple(self._calls)

    def answer(
        self, method: str, path: str, data: Any = None, *, code: int = _SUCCESS, status: int = 200
    ) -> None:
        """Say what a call gets from now on: `data`, or with another `code` of Fusioo's an error."""
        self._answers[method, path] = _envelope(data, code, status)

    def client(self, database: HandlerDatabase) -> FusiooClient:
        """Give a client of it, which refuses calls while the transaction of `database` is open."""
        http = make_client(
            timeout=Timeout(_SECONDS), allow_private=False, transport=AnsweringTransport(self._receive)
        )
        return FusiooClient(
            auth=GuardedAuth(StaticToken("a-token-for-tests"), database),
            http=http,
            timeout=_SECONDS,
            meter=GuardedMeter(Unmetered(), database),
            retries=NO_RETRIES,
        )

    def _receive(self, request: Request) -> Response:
        path = unquote(urlsplit(request.url).path).removeprefix(urlsplit(BASE_URL).path)
        sent = request.body if isinstance(request.body, bytes) else b""
        is_json = request.headers.get("content-type", "").startswith("application/json")
        call = FusiooCall(request.method, path, json.loads(sent) if sent and is_json else None)
        self._calls.append(call)
        return self._answers.get((call.method, call.path)) or self._by_itself(call)

    def _by_itself(self, call: FusiooCall) -> Response:
        match call.method, call.path.strip("/").split("/"):
            case "GET", ["records", record_id]:
                record = self.records.get(record_id)
                return _envelope(record, _SUCCESS if record else _NOT_FOUND, 200)
            case _:
                return _envelope({}, _SUCCESS, 200)


def _envelope(data: Any, code: int, status: int) -> Response:
    message = "Success" if code == _SUCCESS else "An error that a test asked for"
    body = json.dumps({"code": code, "message": message, "data": data}).encode()
    return Response(status, {"content-type": "application/json"}, body)
