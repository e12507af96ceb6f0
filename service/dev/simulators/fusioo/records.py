"""The records of all apps, with the trash and enough of the past to answer stale reads."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

Values = Mapping[str, Any]
"""A record's own fields that hold a value: field id → JSON value."""

_KEPT_VERSIONS = 32


class Happening(StrEnum):
    """What was done to a record; a webhook has one flag for each."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Version:
    """A record as it was from `at` on."""

    at: datetime
    values: Values
    last_modified: datetime
    last_modified_by: str
    deleted: bool = False


@dataclass
class Record:
    """One record; its last version is the truth."""

    id: str
    app_id: str
    created: datetime
    created_by: str
    versions: list[Version]

    @property
    def now(self) -> Version:
        return self.versions[-1]

    def at(self, moment: datetime) -> Version | None:
        """Find the version that stood at `moment`; None before the record was created."""
        return next((version for version in reversed(self.versions) if version.at <= moment), None)

    def to_json(self, version: Version) -> dict[str, Any]:
        """Show the record with all its fields, the empty ones left out."""
        return {
            "id": self.id,
            **version.values,
            "created": stamp(self.created),
            "last_modified": stamp(version.last_modified),
            "created_by": [self.created_by],
            "last_modified_by": [version.last_modified_by],
        }


def stamp(moment: datetime) -> str:
    """Write a system stamp: UTC without an offset, whole seconds (the page's samples)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


Listener = Callable[[Happening, Record], None]


@dataclass
class RecordStore:
    """All records by id. Writes may come from any thread and are told to the listeners in their order."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    by_id: dict[str, Record] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def live(self, app_id: str) -> list[Record]:
        """List an app's records that are not in the trash, oldest first."""
        return [record for record in self.of_app(app_id) if not record.now.deleted]

    def trash(self) -> list[Record]:
        """List the deleted records of all apps."""
        return [record for record in list(self.by_id.values()) if record.now.deleted]

    def of_app(self, app_id: str) -> list[Record]:
        """List an app's records, deleted ones included, oldest first."""
        return [record for record in list(self.by_id.values()) if record.app_id == app_id]

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
            self.by_id[record.id] = record
            self._tell(Happening.CREATE, record, told=told)
            return record

    def update(self, record_id: str, values: Values, *, person: str, told: bool = True) -> Record:
        """Set some fields; None empties one. Raises KeyError for an unknown or deleted record."""
        with self._lock:
            record = self.living(record_id)
            merged = {**record.now.values, **values}
            self._append(record, merged, person, deleted=False)
            self._tell(Happening.UPDATE, record, told=told)
            return record

    def delete(self, record_id: str, *, person: str, told: bool = True) -> Record:
        """Move a record to the trash. Raises KeyError for an unknown or deleted one."""
        with self._lock:
            record = self.living(record_id)
            self._append(record, record.now.values, person, deleted=True)
            self._tell(Happening.DELETE, record, told=told)
            return record

    def restore(self, record_id: str, *, person: str, told_as: Happening | None) -> Record:
        """Bring a record back from the trash. Raises KeyError if it is not there."""
        with self._lock:
            record = self.by_id[record_id]
            if not record.now.deleted:
                raise KeyError(record_id)
            self._append(record, record.now.values, person, deleted=False)
            if told_as is not None:
                self._tell(told_as, record, told=True)
            return record

    def purge(self, record_id: str) -> None:
        """Delete a record for good, from wherever it is; no listener is told. Raises KeyError."""
        with self._lock:
            del self.by_id[record_id]

    def living(self, record_id: str) -> Record:
        """Find a record that is not deleted. Raises KeyError."""
        record = self.by_id[record_id]
        if record.now.deleted:
            raise KeyError(record_id)
        return record

    def _append(self, record: Record, values: Values, person: str, *, deleted: bool) -> None:
        now = self.clock()
        # A deletion changes no field, its stamps included: includeDeleted shows the last state.
        modified = (record.now.last_modified, record.now.last_modified_by) if deleted else (now, person)
        record.versions.append(Version(now, _filled(values), *modified, deleted=deleted))
        del record.versions[:-_KEPT_VERSIONS]

    def _tell(self, happening: Happening, record: Record, *, told: bool) -> None:
        for listener in list(self.listeners) if told else ():
            listener(happening, record)


def _filled(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
