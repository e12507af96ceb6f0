"""Whose tokens the simulator knows, and what each may see and do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.schema import App

_WRITE_DENIED = {
    Happening.CREATE: Code.CREATE_DENIED,
    Happening.UPDATE: Code.UPDATE_DENIED,
    Happening.DELETE: Code.DELETE_DENIED,
}


@dataclass
class User:
    """The person behind a token. What is returned depends on the permissions of that person."""

    name: str
    admin: bool = False
    hidden_apps: set[str] = field(default_factory=set)
    hidden_fields: set[tuple[str, str]] = field(default_factory=set)
    """(app id, field id)"""
    hidden_records: set[str] = field(default_factory=set)
    refused_writes: set[Happening] = field(default_factory=set)
    """In all apps."""
    refused_in: set[tuple[str, Happening]] = field(default_factory=set)
    """In one app: (app id, write)"""
    locked_fields: set[tuple[str, str]] = field(default_factory=set)
    """(app id, field id): seen, but not to be set."""

    def fields_hidden_in(self, app_id: str) -> frozenset[str]:
        """List the field ids of the app that this user does not see."""
        return frozenset(hidden for hidden_app, hidden in self.hidden_fields if hidden_app == app_id)

    def fields_locked_in(self, app_id: str) -> frozenset[str]:
        """List the field ids of the app that this user may not set."""
        return frozenset(locked for locked_app, locked in self.locked_fields if locked_app == app_id)

    def enter(self, apps: dict[str, App], app_id: str) -> App:
        """Find an app for this user. Raises RefusedCallError."""
        app = apps.get(app_id)
        if app is None:
            raise RefusedCallError(Code.APP_NOT_FOUND)
        if app_id in self.hidden_apps:
            raise RefusedCallError(Code.APP_DENIED)
        return app

    def open(self, records: Mapping[str, Record], record_id: str) -> Record:
        """Find a record, deleted or not, for this user. Raises RefusedCallError."""
        record = records.get(record_id)
        if record is None:
            raise RefusedCallError(Code.RECORD_NOT_FOUND)
        if record.app_id in self.hidden_apps:
            raise RefusedCallError(Code.APP_DENIED)
        if record_id in self.hidden_records:
            raise RefusedCallError(Code.RECORD_DENIED)
        return record

    def must_be_allowed(self, write: Happening, app_id: str) -> None:
        """Raise RefusedCallError if this user may not do such writes in the app."""
        if write in self.refused_writes or (app_id, write) in self.refused_in:
            raise RefusedCallError(_WRITE_DENIED[write])
