"""An Onspring that answers as a test says, and remembers what it was asked. Nothing goes over a network.

For Onspring's own behaviour (rights, all of its query language, paging) there is `relay simulate onspring`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from service.handlers.clients import GuardedMeter
from service.handlers.database import HandlerDatabase
from service.onspring.client import OnspringClient
from service.onspring.keys import ApiKey
from service.testing.forms import read_form
from service.testing.onspring_answers import (
    field_json,
    guid_of,
    json_answer,
    matches,
    page_of,
    refusal,
    value_json,
)
from service.transport.answering import AnsweringTransport
from service.transport.http import Timeout, make_client
from service.transport.messages import Request, Response
from service.transport.metering import Unmetered
from service.transport.retrying import NO_RETRIES

_SECONDS = 5.0
_BASE_URL = "https://onspring.test"
_FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class OnspringCall:
    """One call that was made: `OnspringCall("DELETE", "/Records/appId/195/recordId/1")`."""

    method: str
    path: str
    """Below the base URL, decoded, without a query."""
    body: Any = None
    """The JSON that was sent, or the values of a form with the name of its `File`; None: neither was."""


class FakeOnspring:
    """Holds fields and records by the ids of their apps, and remembers every call.

    Records are found (also by a query of `eq`, `contains` and `and`), made, changed and deleted; fields are
    listed, values added to their lists, files to records. What else is asked needs an `answer`.
    """

    def __init__(
        self,
        records: Mapping[int, Mapping[int, Mapping[int, Any]]] | None = None,
        *,
        fields: Mapping[int, Mapping[int, str | Mapping[str, Any]]] | None = None,
    ) -> None:
        """`records`: by app, record and field, raw values. `fields`: by app and field.

        A field is its name (it holds texts), or what the API shows of it, whose `values` may be names:
        `{"name": "Status", "type": "List", "values": ["Open", "Done"]}`.
        """
        self.records: dict[int, dict[int, dict[int, Any]]] = {
            app_id: {record_id: dict(values) for record_id, values in held.items()}
            for app_id, held in (records or {}).items()
        }
        self.files: dict[int, bytes] = {}
        """What was added, by the ids of files."""
        self._fields = {
            field_id: field_json(app_id, field_id, told)
            for app_id, held in (fields or {}).items()
            for field_id, told in held.items()
        }
        self._calls: list[OnspringCall] = []
        self._answers: dict[tuple[str, str], Response] = {}

    @property
    def calls(self) -> tuple[OnspringCall, ...]:
        """What was asked, in order."""
        return tuple(self._calls)

    def value(self, field_id: int, name: str) -> str:
        """The GUID of a value of a list field. Raises KeyError where the field has none of this name."""
        return {each["name"]: str(each["id"]) for each in self._fields[field_id]["values"]}[name]

    def answer(self, method: str, path: str, data: Any = None, *, status: int = 200) -> None:
        """Say what a call gets from now on: `data`, or with a `status` from 400 on an error with it as text.

        `data` of None is no body.
        """
        if status >= HTTPStatus.BAD_REQUEST:
            answered = refusal(status, str(data or "An error that a test asked for"))
        else:
            answered = Response(status) if data is None else json_answer(data, status)
        self._answers[method, path] = answered

    def client(self, database: HandlerDatabase) -> OnspringClient:
        """Give a client of it, which refuses calls while the transaction of `database` is open."""
        http = make_client(
            timeout=Timeout(_SECONDS), allow_private=False, transport=AnsweringTransport(self._receive)
        )
        return OnspringClient(
            key=ApiKey("a-key-for-tests"),
            http=http,
            base_url=_BASE_URL,
            timeout=_SECONDS,
            meter=GuardedMeter(Unmetered(), database),
            retries=NO_RETRIES,
        )

    def _receive(self, request: Request) -> Response:
        path = unquote(urlsplit(request.url).path)
        sent = request.body if isinstance(request.body, bytes) else b""
        form = request.headers.get("content-type", "")
        content = b""
        body = None
        if form.startswith(_FORM):
            body, content = read_form(form, sent)
        elif sent:
            body = json.loads(sent)
        call = OnspringCall(request.method, path, body)
        self._calls.append(call)
        return self._answers.get((call.method, call.path)) or self._by_itself(call, content)

    def _by_itself(self, call: OnspringCall, content: bytes) -> Response:
        match call.method, call.path.strip("/").split("/"):
            case "GET", ["Ping"]:
                answered = Response(HTTPStatus.OK)
            case "GET", ["Fields", "appId", app_id]:
                listed = [each for each in self._fields.values() if each["appId"] == int(app_id)]
                answered = json_answer(page_of(listed))
            case "GET" | "DELETE" as method, ["Records", "appId", app_id, "recordId", record_id]:
                answered = self._one(method, int(app_id), int(record_id))
            case "POST", ["Records", "batch-get" | "Query"]:
                answered = self._several(call.body)
            case "PUT", ["Records"]:
                answered = self._save(call.body)
            case "PUT", ["Lists", "id", list_id, "items"]:
                answered = self._add_value(int(list_id), call.body["name"])
            case "POST", ["Files"]:
                answered = self._add_file(call.body, content)
            case _:
                raise AssertionError(
                    f"nobody said what Onspring answers: answer({call.method!r}, {call.path!r}, ...)"
                )
        return answered

    def _several(self, body: Mapping[str, Any]) -> Response:
        """Answer for the ids that a batch names, or for what a filter asks for."""
        app_id, ids = body["appId"], body.get("recordIds", ())
        found = [
            self._shown(app_id, each)
            for each, held in self.records.get(app_id, {}).items()
            if each in ids or ("filter" in body and matches(body["filter"], held))
        ]
        return json_answer(page_of(found))

    def _one(self, method: str, app_id: int, record_id: int) -> Response:
        if record_id not in self.records.get(app_id, {}):
            return refusal(HTTPStatus.NOT_FOUND, f"Record {record_id} was not found.")
        if method == "GET":
            return json_answer(self._shown(app_id, record_id))
        del self.records[app_id][record_id]
        return Response(HTTPStatus.NO_CONTENT)

    def _shown(self, app_id: int, record_id: int) -> dict[str, Any]:
        held = self.records[app_id][record_id].items()
        data = [value_json(each, value, self._fields.get(each)) for each, value in held if value is not None]
        return {"appId": app_id, "recordId": record_id, "fieldData": data}

    def _save(self, body: Mapping[str, Any]) -> Response:
        held = self.records.setdefault(body["appId"], {})
        record_id = body.get("recordId")
        is_new = record_id is None
        if record_id is None:
            record_id = max(held, default=0) + 1
        elif record_id not in held:
            return refusal(HTTPStatus.NOT_FOUND, f"Record {record_id} was not found.")
        written = {int(field_id): value for field_id, value in body["fields"].items()}
        held[record_id] = {**held.get(record_id, {}), **written}
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return json_answer({"id": record_id, "warnings": []}, status)

    def _add_value(self, list_id: int, name: str) -> Response:
        made = guid_of(list_id, name)
        for field in self._fields.values():
            if field["listId"] == list_id:
                field["values"].append({"id": made, "name": name})
        return json_answer({"id": made}, HTTPStatus.CREATED)

    def _add_file(self, form: Mapping[str, str], content: bytes) -> Response:
        field_id, record_id = int(form["FieldId"]), int(form["RecordId"])
        app_id = int(self._fields[field_id]["appId"]) if field_id in self._fields else 0
        held = self.records.get(app_id, {}).get(record_id)
        if held is None:
            return refusal(HTTPStatus.NOT_FOUND, f"Field {field_id} or record {record_id} was not found.")
        file_id = len(self.files) + 1
        self.files[file_id] = content
        shown = {"fileId": file_id, "fileName": form["File"], "notes": form.get("Notes", "")}
        held[field_id] = [*held.get(field_id, ()), {**shown, "storageLocation": "Internal"}]
        return json_answer({"id": file_id}, HTTPStatus.CREATED)
