"""`/_sim/records`: edits that cost no call: a person's, or what `?origin=` says (`bulk`, `import`, …)."""

from typing import Any

from starlette.requests import Request

from service.dev.simulators.controls import Row, person_in, read_object
from service.dev.simulators.fusioo.defaults import with_defaults
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.writing import problems_of, purge, settle_files


def record_controls(state: FusiooState) -> list[Row]:
    """List the routes."""
    control = _RecordControl(state)
    return [
        ("POST", "/records/{app_id}", control.create),
        ("PATCH", "/records/{record_id}", control.update),
        ("DELETE", "/records/{record_id}", control.delete),
        ("POST", "/records/{record_id}/restore", control.restore),
    ]


class _RecordControl:
    """Here also the fields can be set that the provider computes."""

    def __init__(self, state: FusiooState) -> None:
        self._state = state

    async def create(self, request: Request) -> dict[str, str]:
        app = self._state.apps[request.path_params["app_id"]]
        values = await read_object(request)
        self._check(app.id, values)
        filled = with_defaults(self._state, app, values)
        record = self._state.records.create(
            app.id, filled, person=person_in(request), told=self._told(request)
        )
        settle_files(self._state, app, record, values)
        return {"id": record.id}

    async def update(self, request: Request) -> dict[str, str]:
        record = self._state.records.living(request.path_params["record_id"])
        values = await read_object(request)
        self._check(record.app_id, values, record)
        self._state.records.update(record.id, values, person=person_in(request), told=self._told(request))
        settle_files(self._state, self._state.apps[record.app_id], record, values)
        return {"id": record.id}

    async def delete(self, request: Request) -> dict[str, str]:
        """`?permanently=true` leaves nothing in the trash, and tells no webhook."""
        record_id = request.path_params["record_id"]
        if request.query_params.get("permanently") == "true":
            purge(self._state, record_id)
        else:
            self._state.records.delete(record_id, person=person_in(request), told=self._told(request))
        return {"id": record_id}

    async def restore(self, request: Request) -> dict[str, str]:
        record_id = request.path_params["record_id"]
        told_as = self._state.settings.restore_fires
        self._state.records.restore(record_id, person=person_in(request), told_as=told_as)
        return {"id": record_id}

    def _told(self, request: Request) -> bool:
        return self._state.settings.fires(Origin(request.query_params.get("origin", Origin.PERSON)))

    def _check(self, app_id: str, values: dict[str, Any], record: Record | None = None) -> None:
        app = self._state.apps[app_id]
        problems = problems_of(self._state, app, values, record=record, computing=True)
        if problems:
            raise ValueError("; ".join(problem["message"] for problem in problems))
