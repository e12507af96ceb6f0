"""The records of all apps, with the trash and enough of the past to answer stale reads."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from service.dev.simulators.fusioo.ordering import Orders
from service.dev.simulators.fusioo.records import Happening, Record, Values, Version

Listener = Callable[[Happening, Record], None]

_KEPT_VERSIONS = 32


class RecordStore:
    """All records by id. Writes may come from any thread and are told to the listeners in their order."""

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self.clock, self.new_id = clock, new_id
        self.listeners: list[Listener] = []
        self.revision = 0
        """Grows with every write."""
        self._lock = threading.RLock()
        self.by_id = {}

    @property
    def by_id(self) -> Mapping[str, Record]:
        """All records, the deleted ones included."""
        return self._by_id

    @by_id.setter
    def by_id(self, records: Mapping[str, Record]) -> None:
        with self._lock:
            self._by_id: dict[str, Record] = {}
            self._apps: defaultdict[str, dict[str, Record]] = defaultdict(dict)
            self._trash: defaultdict[str, dict[str, Record]] = defaultdict(dict)
            self._orders = Orders()
            self._made: defaultdict[str, int] = defaultdict(int)
            for record in records.values():
                self._add(record)
            self.revision += 1

    def live(self, app_id: str) -> list[Record]:
        """List an app's records that are not in the trash, oldest first."""
        with self._lock:
            if not self._trash[app_id]:
                return list(self._apps[app_id].values())
            return [record for record in self._apps[app_id].values() if not record.now.deleted]

    def count(self, app_id: str) -> int:
        """Count an app's records that are not in the trash."""
        with self._lock:
            return len(self._apps[app_id]) - len(self._trash[app_id])

    def made_in(self, app_id: str) -> int:
        """Count the records that were ever made in an app."""
        return self._made[app_id]

    def trash(self) -> list[Record]:
        """List the deleted records of all apps."""
        with self._lock:
            return [record for deleted in self._trash.values() for record in deleted.values()]

    def of_app(self, app_id: str) -> list[Record]:
        """List an app's records, deleted ones included, oldest first."""
        with self._lock:
            return list(self._apps[app_id].values())

    def page(
        self, app_id: str, field_id: str, offset: int, limit: int, *, descending: bool, include_deleted: bool
    ) -> list[Record]:
        """Cut one page out of an app's records by a field; equal ones in the order they were made."""
        with self._lock:
            records = self._apps[app_id].values()
            order = self._orders.get(app_id, field_id, records, include_deleted=include_deleted)
            return order.page(offset, limit, descending=descending)

    def in_order(self, app_id: str, field_id: str, *, descending: bool) -> list[Record]:
        """List an app's records that are not in the trash by a field."""
        with self._lock:
            records = self._apps[app_id].values()
            order = self._orders.get(app_id, field_id, records, include_deleted=False)
            return order.all(descending=descending)

    def create(
        self,
        app_id: str,
        values: Values,
        *,
        person: str,
        age: timedelta = timedelta(0),
        told: bool = True,
    ) -> Record:
        """Add a record that was made `age` ago; `told=False` tells no listener."""
        with self._lock:
            at = self.clock() - age
            version = Version(at, _filled(values), at, person)
            record = Record(self.new_id(), app_id, at, person, [version])
            self._add(record)
            self._written(Happening.CREATE if told else None, record)
            return record

    def create_many(
        self, app_id: str, rows: Iterable[Values], *, person: str, told: bool = False
    ) -> list[Record]:
        """Add many records."""
        with self._lock:
            # Made anew when somebody asks: cheaper than putting each record in its place.
            self._orders.forget(app_id)
            return [self.create(app_id, values, person=person, told=told) for values in rows]

    def update(self, record_id: str, values: Values, *, person: str, told: bool = True) -> Record:
        """Set some fields; None empties one. Raises KeyError for an unknown or deleted record."""
        with self._lock:
            record = self.living(record_id)
            merged = {**record.now.values, **values}
            self._append(record, merged, person, deleted=False)
            self._written(Happening.UPDATE if told else None, record)
            return record

    def delete(self, record_id: str, *, person: str, told: bool = True) -> Record:
        """Move a record to the trash. Raises KeyError for an unknown or deleted one."""
        with self._lock:
            record = self.living(record_id)
            self._append(record, record.now.values, person, deleted=True)
            self._written(Happening.DELETE if told else None, record)
            return record

    def restore(self, record_id: str, *, person: str, told_as: Happening | None) -> Record:
        """Bring a record back from the trash. Raises KeyError if it is not there."""
        with self._lock:
            record = self.by_id[record_id]
            if not record.now.deleted:
                raise KeyError(record_id)
            self._append(record, record.now.values, person, deleted=False)
            self._written(told_as, record)
            return record

    def purge(self, record_id: str) -> None:
        """Delete a record for good, from wherever it is; no listener is told. Raises KeyError."""
        with self._lock:
            record = self._by_id.pop(record_id)
            del self._apps[record.app_id][record_id]
            self._trash[record.app_id].pop(record_id, None)
            self._orders.purge(record)
            self.revision += 1

    def living(self, record_id: str) -> Record:
        """Find a record that is not deleted. Raises KeyError."""
        record = self.by_id[record_id]
        if record.now.deleted:
            raise KeyError(record_id)
        return record

    def _add(self, record: Record) -> None:
        record.number = self._made[record.app_id]
        self._made[record.app_id] += 1
        self._by_id[record.id] = self._apps[record.app_id][record.id] = record
        if record.now.deleted:
            self._trash[record.app_id][record.id] = record

    def _append(self, record: Record, values: Values, person: str, *, deleted: bool) -> None:
        now = self.clock()
        # A deletion changes no field, its stamps included: includeDeleted shows the last state.
        modified = (record.now.last_modified, record.now.last_modified_by) if deleted else (now, person)
        record.versions.append(Version(now, _filled(values), *modified, deleted=deleted))
        del record.versions[:-_KEPT_VERSIONS]
        if deleted:
            self._trash[record.app_id][record.id] = record
        else:
            self._trash[record.app_id].pop(record.id, None)

    def _written(self, told_as: Happening | None, record: Record) -> None:
        self._orders.put(record)
        self.revision += 1
        if told_as is not None:
            for listener in list(self.listeners):
                listener(told_as, record)


def _filled(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
