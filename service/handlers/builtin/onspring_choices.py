"""What a save takes for fields that choose: values of lists by their texts, records by their keys."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.errors import RefusedError
from service.handlers.builtin.onspring_leases import Leases
from service.handlers.builtin.onspring_targets import (
    Key,
    NotInAppError,
    TargetApp,
    field_in,
    find_by_key,
    key_of,
)
from service.handlers.builtin.onspring_values import absent_from, chosen, is_nothing, of_ids
from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields, Definitions
from service.onspring.models import AppField, ListField, Record, ReferenceField


async def list_values(
    client: OnspringClient, app: TargetApp, field: ListField, value: Any, *, makers: Leases | None
) -> Any:
    """Give what a save takes for a list field. `makers`: values that the list lacks are made by these.

    Raises NotInAppError where it lacks one and none is made, KeyHeldError, ValueError for what can't be
    chosen, and what the client raises.
    """
    found = chosen(field, value)
    if found.missing and makers is None:
        raise NotInAppError(absent_from(field, found.missing))
    made = [await _made(client, app, field, name, makers) for name in found.missing if makers is not None]
    return of_ids(field, tuple(dict.fromkeys([*found.ids, *made])))


async def _made(client: OnspringClient, app: TargetApp, field: ListField, name: str, makers: Leases) -> str:
    """Make a value of a list, unless somebody else made it meanwhile; gives its id."""
    if field.list_id is None:
        raise RefusedError(f"it is not known which list field {field.name or field.id!r} has")
    folded = hashlib.sha256(name.casefold().encode()).hexdigest()
    async with makers.holding(f"list {field.list_id}", folded) as lease:
        now = field_in(await app.fields(client, anew=True), str(field.id))
        found = chosen(now, name) if isinstance(now, ListField) else None
        if found is not None and found.ids:
            lease.record_id = found.ids[0]
        else:
            with lease.making():
                lease.record_id = await client.lists.save_value(field.list_id, name=name)
        return lease.record_id


@dataclass(slots=True)
class References:
    """Finds the records that references name by a key."""

    definitions: Definitions
    _apps: dict[str, TargetApp] = field(default_factory=dict)

    async def find(
        self, client: OnspringClient, field: AppField, app: str | None, by: Mapping[str, Any]
    ) -> tuple[list[int], list[str]]:
        """Give the ids of the records, and the keys that no record has.

        `app`: None: the one that the field refers to. Where one of the values is a list, each member of it
        names a record; a key with nothing in it names none. Raises NotInAppError, RefusedError, and what the
        client raises.
        """
        target = self._target(field, app)
        found: list[int] = []
        missing: list[str] = []

        for given in _each(by):

            async def look(fields: AppFields, given: Mapping[str, Any] = given) -> tuple[Key, Record | None]:
                key = key_of(fields, given, called="reference.by")
                return key, await find_by_key(client, key)

            key, record = await target.with_fields(client, look)
            if record is None:
                missing.append(f"no record of app {key.app_id} has the key {key}")
            elif record.record_id not in found:
                found.append(record.record_id)
        return found, missing

    def _target(self, field: AppField, app: str | None) -> TargetApp:
        if not isinstance(field, ReferenceField):
            raise RefusedError(f"field {field.name or field.id!r} is no reference, but a {field.type}")
        name = app or (None if field.referenced_app_id is None else str(field.referenced_app_id))
        if name is None:
            raise RefusedError(
                f"it is not known to which app field {field.name or field.id!r} refers: write `app`"
            )
        if name not in self._apps:
            self._apps[name] = TargetApp(name, self.definitions)
        return self._apps[name]


def _each(by: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Split a key, of which one value may be a list, into the keys of single records."""
    lists = [name for name, value in by.items() if isinstance(value, list) and len(value) > 1]
    if len(lists) > 1:
        raise RefusedError(f"`reference.by`: only one value may be a list, and {', '.join(lists)} are")
    if any(is_nothing(value) for value in by.values()):
        return []
    if not lists:
        return [dict(by)]
    return [{**by, lists[0]: member} for member in by[lists[0]]]
