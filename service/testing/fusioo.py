"""A Fusioo that answers as a test says, and remembers what it was asked. Nothing goes over a network.

For Fusioo's own behaviour (permissions, options of lists, paging) there is `relay simulate fusioo`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

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
    """Holds records by their ids, and remembers every call.

    Records are found, made, changed and deleted; writing to one that it does not hold succeeds, too. What
    else is asked needs an `answer`.
    """

    def __init__(self, records: Mapping[str, Fields] | None = None) -> None:
        """`records`: by id."""
        self.records: dict[str, Fields] = {
            record_id: {"id": record_id, **fields} for record_id, fields in (records or {}).items()
        }
        self._calls: list[FusiooCall] = []
        self._answers: dict[tuple[str, str], Response] = {}
        self._made = 0

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
        ids = parse_qs(urlsplit(request.url).query).get("ids", [""])[0].strip("[]")
        return self._answers.get((call.method, call.path)) or self._by_itself(call, ids)

    def _by_itself(self, call: FusiooCall, ids: str) -> Response:
        match call.method, call.path.strip("/").split("/"):
            case "GET", ["records", record_id]:
                record = self.records.get(record_id)
                return _envelope(record, _NOT_FOUND if record is None else _SUCCESS)
            case "POST", ["records", "apps", _, "filter"] if ids:
                return _envelope([self.records[each] for each in ids.split(",") if each in self.records])
            case "POST", ["records", "apps", _] | ["discussions" | "comments", *_] as made:
                return _envelope({"id": self._make(call.body if made[0] == "records" else None)})
            case "PATCH" | "DELETE", ["records", record_id]:
                self._write(call, record_id)
            case "GET", ["ping"]:
                pass
            case _:
                raise AssertionError(
                    f"nobody said what Fusioo answers: answer({call.method!r}, {call.path!r}, ...)"
                )
        return _envelope({})

    def _make(self, record: Fields | None) -> str:
        self._made += 1
        made = f"new-{self._made}"
        if record is not None:
            self.records[made] = {"id": made, **record}
        return made

    def _write(self, call: FusiooCall, record_id: str) -> None:
        known = self.records.pop(record_id, None)
        if known is not None and call.method == "PATCH":
            self.records[record_id] = {**known, **(call.body or {})}


def _envelope(data: Any, code: int = _SUCCESS, status: int = 200) -> Response:
    message = "Success" if code == _SUCCESS else "An error that a test asked for"
    body = json.dumps({"code": code, "message": message, "data": data}).encode()
    return Response(status, {"content-type": "application/json"}, body)
