"""The records of an instance, by app and internal id, and who is told of what is done to them."""

import bisect
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Happening(StrEnum):
    """What a trigger can be set off by; none by a deletion is known."""

    CREATE = "create"
    UPDATE = "update"


@dataclass
class Record:
    """One record; `values` holds those that are set, by field id, as `field_values.stored` makes them."""

    app_id: int
    id: int
    values: dict[int, Any]
    created: datetime
    modified: datetime
    created_by: int | None
    modified_by: int | None


Listener = Callable[[Happening, Record], None]


class RecordShelf:
    """All records. Ids count from 1 in each app and are never given twice."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._by_app: dict[int, dict[int, Record]] = defaultdict(dict)
        self._ids: dict[int, list[int]] = defaultdict(list)
        self._last_ids: dict[int, int] = defaultdict(int)
        self.listeners: list[Listener] = []

    def of(self, app_id: int) -> list[Record]:
        """List an app's records by their ids."""
        found = self._by_app[app_id]
        return [found[record_id] for record_id in list(self._ids[app_id])]

    def find(self, app_id: int, record_id: int) -> Record | None:
        """Find one record."""
        return self._by_app[app_id].get(record_id)

    def next_id(self, app_id: int) -> int:
        """Tell which id the next record of an app gets."""
        return self._last_ids[app_id] + 1

    def create(
        self,
        app_id: int,
        values: Mapping[int, Any],
        *,
        person: int | None = None,
        record_id: int | None = None,
        told: bool = True,
    ) -> Record:
        """Add a record, under the next id or one that is free."""
        given = self.next_id(app_id) if record_id is None else record_id
        if given in self._by_app[app_id]:
            raise ValueError(f"record {given} of app {app_id} is there already")
        now = self._clock()
        record = Record(app_id, given, _set_only(values), now, now, person, person)
        self._by_app[app_id][given] = record
        bisect.insort(self._ids[app_id], given)
        self._last_ids[app_id] = max(self._last_ids[app_id], given)
        self._tell(Happening.CREATE, record, told=told)
        return record

    def update(
        self, record: Record, values: Mapping[int, Any], *, person: int | None = None, told: bool = True
    ) -> None:
        """Set some values; None takes one away."""
        record.values = _set_only({**record.values, **values})
        record.modified, record.modified_by = self._clock(), person
        self._tell(Happening.UPDATE, record, told=told)

    def delete(self, record: Record) -> None:
        """Take a record away for good."""
        del self._by_app[record.app_id][record.id]
        self._ids[record.app_id].remove(record.id)

    def _tell(self, happening: Happening, record: Record, *, told: bool) -> None:
        for listener in self.listeners if told else ():
            listener(happening, record)


def _set_only(values: Mapping[int, Any]) -> dict[int, Any]:
    return {field_id: value for field_id, value in values.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, list | dict) and not value)
