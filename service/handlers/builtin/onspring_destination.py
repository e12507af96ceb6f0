"""The record and the field of it that `onspring.attach` copies files to."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from service.errors import RefusedError
from service.handlers.builtin.onspring_targets import (
    TargetApp,
    field_in,
    find_by_key,
    key_of,
    record_with_id,
    the_record_id,
)
from service.handlers.templates import Templates
from service.handlers.types import Discard, Retry
from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields
from service.onspring.models import AppField, Record

_WITH_FILES = frozenset({"Attachment", "Image"})


class Destination(NamedTuple):
    """A record, showing a field that holds files, and that field."""

    record: Record
    field: AppField


class Addressee:
    """Says where files go: by the id of a record (`record`), or the values of some fields (`key`)."""

    def __init__(
        self, app: TargetApp, field: str, *, record: Templates | None, key: Templates | None
    ) -> None:
        self._app, self._field, self._record, self._key = app, field, record, key

    async def find(self, client: OnspringClient, values: Mapping[str, Any]) -> Destination:
        """Find it. Fields that are not remembered are asked for anew.

        Raises Discard where `record` gives none or one that is not there, Retry where none has the key yet,
        NotInAppError, RefusedError for a field without files, and what templates and the client raise.
        """
        return await self._app.with_fields(client, lambda fields: self._find_among(fields, client, values))

    async def _find_among(
        self, fields: AppFields, client: OnspringClient, values: Mapping[str, Any]
    ) -> Destination:
        field = field_in(fields, self._field)
        if field.type not in _WITH_FILES:
            message = f"field {self._field!r} of app {fields.app_id} holds no files: its type is {field.type}"
            raise RefusedError(message)
        if self._key is not None:
            key = key_of(fields, self._key.render(values))
            found = await find_by_key(client, key, field_ids=[field.id])
            if found is None:
                raise Retry(reason=f"no record of app {fields.app_id} has the key {key} yet")
            return Destination(found, field)
        record_id = the_record_id(None if self._record is None else self._record.render(values))
        there = await record_with_id(client, fields.app_id, record_id, field_ids=[field.id])
        if there is None:
            raise Discard(f"there is no record {record_id} in app {fields.app_id}")
        return Destination(there, field)
