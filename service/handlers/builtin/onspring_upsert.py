"""Handler kind `onspring.upsert`: makes the record that has a key, or sets what differs of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.changes.types import Change
from service.errors import RefusedError
from service.handlers.builtin.merging import Edit, check_merge, edit_of
from service.handlers.builtin.onspring_choices import References, list_values
from service.handlers.builtin.onspring_leases import KeptLeases, Lease, Leases
from service.handlers.builtin.onspring_options import REFERENCE, UpsertOptions, check_upsert
from service.handlers.builtin.onspring_targets import (
    Key,
    NotInAppError,
    TargetApp,
    field_in,
    find_by_key,
    key_of,
)
from service.handlers.builtin.onspring_values import is_computed, is_same, written
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Discard, Done, Outcome, Retry
from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields, Definitions
from service.onspring.errors import NoSuchThingError
from service.onspring.models import AppField, ListField, Record, SavedRecord


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A field as it is to be; `name`: as the options call it."""

    name: str
    field: AppField
    value: Any


@dataclass(frozen=True, slots=True)
class _Given:
    """What the templates gave."""

    key: Mapping[str, Any]
    fields: Mapping[str, Any]
    """All of them: for a record that is made."""
    edit: Edit
    """Those for a record that is there."""


class UpsertHandler:
    """Writes one record for each change."""

    def __init__(self, options: UpsertOptions, key: Templates, fields: Templates, leases: Leases) -> None:
        self._options, self._key, self._fields, self._leases = options, key, fields, leases
        definitions = Definitions()
        self._app, self._references = TargetApp(options.app, definitions), References(definitions)

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, Retry, KeyHeldError, and what templates and clients raise."""
        values = values_of(change)
        given = _Given(
            key=self._key.render(values),
            fields=self._fields.render(values),
            edit=edit_of(change, self._fields, values, self._options.merge),
        )
        client = context.onspring(self._options.account)
        return await self._app.with_fields(client, lambda known: self._upsert(client, known, given))

    async def _upsert(self, client: OnspringClient, known: AppFields, given: _Given) -> Outcome:
        key = key_of(known, given.key)
        named = {name: field_in(known, name) for name in given.fields}
        _check_apart(key, named)
        async with self._leases.holding(f"app {key.app_id}", key.digest) as lease:
            record = await find_by_key(
                client, key, field_ids=[field.id for field in named.values()], remembered=lease.record_id
            )
            lease.record_id = None if record is None else str(record.record_id)
            if record is None and not self._options.create:
                raise Discard(f"no record of app {key.app_id} has the key {key}")
            warnings: list[str] = []
            values = given.fields if record is None else given.edit.fields
            wanted = [
                each
                for name, value in values.items()
                if (each := await self._wanted(client, name, named[name], value, warnings)) is not None
            ]
            if record is None:
                wanted = [*_of_key(key), *wanted]
            differing = [each for each in wanted if not _is_held(record, each)]
            left = [] if record is None else await self._left(client, record, differing, given.edit)
            differing = [each for each in differing if each.name not in left]
            if record is not None and not differing:
                return _done(record.record_id, [], warnings, created=False, left=left)
            saved = await _save(client, key, record, differing, lease)
            lease.record_id = str(saved.id)
        names = [each.name for each in differing]
        warnings += map(str, saved.warnings)
        return _done(saved.id, names, warnings, created=record is None, left=left)

    async def _left(
        self, client: OnspringClient, record: Record, differing: list[_Wanted], edit: Edit
    ) -> list[str]:
        """Name the fields that are left as they are: somebody edited them since this edit was made."""
        left = []
        for each in differing:
            if each.name not in edit.careful:
                continue
            try:
                before = edit.before[each.name]
                wanted = await self._wanted(client, each.name, each.field, before, [], makes_values=False)
            except (RefusedError, NotInAppError, Retry):  # there is no such value any more
                wanted = None
            if wanted is None or not _is_held(record, wanted):
                left.append(each.name)
        return left

    async def _wanted(
        self,
        client: OnspringClient,
        name: str,
        field: AppField,
        given: Any,
        warnings: list[str],
        *,
        makes_values: bool = True,
    ) -> _Wanted | None:
        """Say what a field is to hold; None: it is left as it is, and `warnings` say why."""
        try:
            if isinstance(given, Mapping) and REFERENCE in given:
                spec = given[REFERENCE]
                found, missing = await self._references.find(client, field, spec["app"], spec["by"])
                if missing and self._options.missing_references == "fail":
                    raise Retry(reason=f"{name}: {'; '.join(missing)}")
                if missing:
                    warnings.append(f"{name} is left as it is: {'; '.join(missing)}")
                    return None
                return _Wanted(name, field, written(field, found))
            if isinstance(field, ListField):
                makers = self._leases if self._options.create_values and makes_values else None
                return _Wanted(name, field, await list_values(client, self._app, field, given, makers=makers))
            strip = self._options.html == "strip"
            return _Wanted(name, field, written(field, given, strip_html=strip))
        except ValueError as error:
            raise RefusedError(f"`fields.{name}`: {error}") from error


async def _save(
    client: OnspringClient, key: Key, record: Record | None, differing: list[_Wanted], lease: Lease
) -> SavedRecord:
    fields = {each.field.id: each.value for each in differing}
    if record is None:
        with lease.making():
            return await client.records.save(key.app_id, fields)
    try:
        return await client.records.save(key.app_id, fields, record_id=record.record_id)
    except NoSuchThingError as error:
        lease.record_id = None
        raise Retry(reason=f"record {record.record_id} was deleted meanwhile") from error


def _of_key(key: Key) -> list[_Wanted]:
    """What a new record gets by its key. Raises RefusedError for fields that Onspring sets by itself."""
    for part in key.parts:
        if is_computed(part.field):
            name = part.field.name or part.field.id
            raise RefusedError(
                f"no record of app {key.app_id} has the key {key}, and none is made: Onspring sets {name!r}"
            )
    return [_Wanted(part.field.name or str(part.field.id), part.field, part.written) for part in key.parts]


def _check_apart(key: Key, named: Mapping[str, AppField]) -> None:
    names: dict[int, str] = {}
    for name, field in named.items():
        if field.id in key.field_ids:
            raise RefusedError(f"`fields.{name}` stands under `key` too: write it once")
        if names.setdefault(field.id, name) != name:
            raise RefusedError(f"`fields.{name}` and `fields.{names[field.id]}` are one field: write it once")


def _is_held(record: Record | None, wanted: _Wanted) -> bool:
    held = None if record is None else record.value(wanted.field.id)
    return is_same(wanted.field, wanted.value, held)


def _done(record_id: int, names: list[str], warnings: list[str], *, created: bool, left: list[str]) -> Done:
    detail: dict[str, Any] = {"record": str(record_id), "created": created, "updated": sorted(names)}
    if left:
        detail["left"] = sorted(left)
    return Done({**detail, "warnings": warnings} if warnings else detail)


def _build(options: UpsertOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check_upsert(options, deps)
    key = compile_templates(options.key, under=("key",))
    fields = compile_templates(options.fields, under=("fields",))
    if options.merge is not None:
        check_merge(fields)
    leases = KeptLeases(deps.engine, options.account, longest=settings.timeout)
    return BuiltHandler(UpsertHandler(options, key, fields, leases), fields=key.fields | fields.fields)


ONSPRING_UPSERT = HandlerKind("onspring.upsert", UpsertOptions, _build)
