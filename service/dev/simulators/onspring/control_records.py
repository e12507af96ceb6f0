"""`/_sim/records`, `/_sim/bulk`, `/_sim/attachments`: edits of a person, which cost no call."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.contents import Content
from service.dev.simulators.controls import Row, read_object
from service.dev.simulators.onspring.records import Record
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.onspring.writing import checked_values, delete_record


def record_controls(state: OnspringState) -> list[Row]:
    """List the routes."""
    control = _RecordControl(state)
    return [
        ("POST", "/records/{app_id:int}", control.create),
        ("PATCH", "/records/{app_id:int}/{record_id:int}", control.update),
        ("DELETE", "/records/{app_id:int}/{record_id:int}", control.delete),
        ("POST", "/bulk/{app_id:int}", control.create_many),
        ("POST", "/attachments/{app_id:int}/{record_id:int}/{field_id:int}", control.attach),
    ]


class _RecordControl:
    """Bodies hold values by field id, as a save takes them; here nothing is required."""

    def __init__(self, state: OnspringState) -> None:
        self._state = state

    async def create(self, request: Request) -> dict[str, int]:
        app_id = self._app_id(request)
        values = self._values(app_id, await read_object(request), None)
        return {"id": self._state.records.create(app_id, values).id}

    async def update(self, request: Request) -> dict[str, int]:
        record = self._record(request)
        values = self._values(record.app_id, await read_object(request), record)
        self._state.records.update(record, values)
        return {"id": record.id}

    async def delete(self, request: Request) -> dict[str, int]:
        record = self._record(request)
        delete_record(self._state, record)
        return {"id": record.id}

    async def create_many(self, request: Request) -> dict[str, list[int]]:
        """Make `count` records of `values`, with their number for `{number}` in texts; nobody is told."""
        app_id, body = self._app_id(request), await read_object(request)
        given, made = body.get("values", {}), []
        for number in range(int(body.get("count", 0))):
            numbered = {
                field_id: value.replace("{number}", str(number)) if isinstance(value, str) else value
                for field_id, value in given.items()
            }
            values = self._values(app_id, numbered, None)
            made.append(self._state.records.create(app_id, values, told=False).id)
        return {"ids": made}

    async def attach(self, request: Request) -> dict[str, int]:
        """Attach a file that is stored elsewhere: `storage_location`, `name` and its links."""
        record, body = self._record(request), await read_object(request)
        place = (record.app_id, record.id, self._state.fields[request.path_params["field_id"]].id)
        stored = self._state.files.add(place, str(body["name"]), Content(), content_type="text/plain")
        for key in ("storage_location", "download_link", "quick_edit_link"):
            setattr(stored, key, str(body[key]))
        return {"id": stored.id}

    def _app_id(self, request: Request) -> int:
        return self._state.apps[request.path_params["app_id"]].id

    def _record(self, request: Request) -> Record:
        app_id, record_id = request.path_params["app_id"], request.path_params["record_id"]
        record = self._state.records.find(app_id, record_id)
        if record is None:
            raise KeyError(record_id)
        return record

    def _values(self, app_id: int, given: dict[str, Any], record: Record | None) -> dict[int, Any]:
        known = {int(field_id): value for field_id, value in given.items()}
        for field_id in known:
            self._state.fields[field_id]
        return checked_values(self._state, app_id, known, record)
