"""`/_sim/bulk` and `/_sim/shifts`: many records at once, as imports and bulk edits make them."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass
from starlette.requests import Request

from service.dev.simulators.controls import Row, person_in, read_object
from service.dev.simulators.fusioo.defaults import with_defaults
from service.dev.simulators.fusioo.filters import check_filter, matches
from service.dev.simulators.fusioo.origins import Origin
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.writing import purge

_STRICT = ConfigDict(extra="forbid")
_Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=_STRICT)
class _Import:
    """`records`, or `count` copies of `values` with their number in place of `{number}` in texts."""

    records: list[dict[str, Any]] = Field(default_factory=list)
    count: _Count = 0
    values: dict[str, Any] = Field(default_factory=dict)
    told: bool = True

    def rows(self) -> list[dict[str, Any]]:
        return [*self.records, *(_numbered(self.values, number) for number in range(self.count))]


@dataclass(frozen=True, config=_STRICT)
class _Selection:
    """Which records of an app: these `ids`, or those that fit the `filter`, at most the first `count`."""

    ids: list[str] | None = None
    filter: dict[str, Any] = Field(default_factory=dict)
    count: _Count | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    """What an edit sets."""
    permanently: bool = False
    """Whether deleted records are left in the trash or not."""
    told: bool = True
    """Whether webhooks are told, where the settings let bulk edits be told."""


_IMPORT, _SELECTION = TypeAdapter(_Import), TypeAdapter(_Selection)


def bulk_controls(state: FusiooState) -> list[Row]:
    """List the routes."""
    control = _BulkControl(state)
    return [
        ("POST", "/bulk/{app_id}", control.create),
        ("PATCH", "/bulk/{app_id}", control.update),
        ("DELETE", "/bulk/{app_id}", control.delete),
        ("POST", "/shifts", control.shift),
    ]


class _BulkControl:
    """Values are taken as they are, unchecked: thousands of records in a second."""

    def __init__(self, state: FusiooState) -> None:
        self._state = state

    async def create(self, request: Request) -> dict[str, list[str]]:
        app = self._app(request)
        wanted = _IMPORT.validate_python(await read_object(request))
        filled = (with_defaults(self._state, app, values) for values in wanted.rows())
        person, told = person_in(request), wanted.told and self._state.settings.fires(Origin.IMPORT)
        made = self._state.records.create_many(app.id, filled, person=person, told=told)
        return {"ids": [record.id for record in made]}

    async def update(self, request: Request) -> dict[str, int]:
        selection, records = await self._selected(request)
        for record in records:
            self._state.records.update(
                record.id, selection.values, person=person_in(request), told=self._told(selection)
            )
        return {"count": len(records)}

    async def delete(self, request: Request) -> dict[str, int]:
        selection, records = await self._selected(request)
        for record in records:
            if selection.permanently:
                purge(self._state, record.id)
            else:
                self._state.records.delete(record.id, person=person_in(request), told=self._told(selection))
        return {"count": len(records)}

    async def shift(self, request: Request) -> dict[str, Any]:
        """Replace the shifts: app id → what happens after each page of its records."""
        self._state.shifting.replace(await read_object(request))
        return {app_id: asdict(shift) for app_id, shift in self._state.shifting.shifts.items()}

    def _told(self, selection: _Selection) -> bool:
        return selection.told and self._state.settings.fires(Origin.BULK)

    def _app(self, request: Request) -> App:
        return self._state.apps[request.path_params["app_id"]]

    async def _selected(self, request: Request) -> tuple[_Selection, list[Record]]:
        app = self._app(request)
        selection = _SELECTION.validate_python(await read_object(request))
        problems = check_filter(app, selection.filter, frozenset())
        if problems:
            raise ValueError("; ".join(problem["message"] for problem in problems))
        if selection.ids is None:
            candidates = self._state.records.live(app.id)
        else:
            candidates = [self._state.records.living(record_id) for record_id in selection.ids]
        now = self._state.clock()
        fitting = [
            record
            for record in candidates
            if not selection.filter or matches(app, selection.filter, record.to_json(record.now), now)
        ]
        return selection, fitting[: selection.count]


def _numbered(values: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        field_id: value.replace("{number}", str(number)) if isinstance(value, str) else value
        for field_id, value in values.items()
    }
