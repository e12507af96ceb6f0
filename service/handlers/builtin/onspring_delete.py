"""Handler kind `onspring.delete`: deletes the record that has a key, or an id. Absent is done."""

from collections.abc import Mapping
from typing import Any

from service.changes.types import Change
from service.handlers.builtin.onspring_leases import KeptLeases, Leases
from service.handlers.builtin.onspring_options import DeleteOptions, check_delete
from service.handlers.builtin.onspring_targets import TargetApp, find_by_key, key_of, the_record_id
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Done, Outcome
from service.onspring.client import OnspringClient
from service.onspring.definitions import AppFields, Definitions
from service.onspring.errors import NoSuchThingError


class DeleteHandler:
    """Deletes one record for each change."""

    def __init__(
        self, account: str, app: TargetApp, leases: Leases, *, key: Templates | None, record: Templates | None
    ) -> None:
        self._account, self._app, self._leases = account, app, leases
        self._key, self._record = key, record

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, KeyHeldError, TemplateFailedError, and what the client raises."""
        values = values_of(change)
        client = context.onspring(self._account)
        if self._record is not None:
            record_id = the_record_id(self._record.render(values))
            return await _delete(client, await self._app.id(client), record_id)
        key = {} if self._key is None else self._key.render(values)
        return await self._app.with_fields(client, lambda fields: self._delete_by_key(client, fields, key))

    async def _delete_by_key(
        self, client: OnspringClient, fields: AppFields, given: Mapping[str, Any]
    ) -> Outcome:
        key = key_of(fields, given)
        async with self._leases.holding(f"app {key.app_id}", key.digest) as lease:
            record = await find_by_key(client, key, remembered=lease.record_id)
            lease.record_id = None if record is None else str(record.record_id)
            if record is None:
                return Done({"record": None, "deleted": False})
            outcome = await _delete(client, key.app_id, record.record_id)
            lease.record_id = None
            return outcome


async def _delete(client: OnspringClient, app_id: int, record_id: int) -> Outcome:
    try:
        await client.records.delete(app_id, record_id)
    except NoSuchThingError:
        return Done({"record": str(record_id), "deleted": False})
    return Done({"record": str(record_id), "deleted": True})


def _build(options: DeleteOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check_delete(options, deps)
    key = None if options.key is None else compile_templates(options.key, under=("key",))
    record = None if options.record is None else compile_templates(options.record, under=("record",))
    leases = KeptLeases(deps.engine, options.account, longest=settings.timeout)
    app = TargetApp(options.app, Definitions())
    read = frozenset[str]().union(*(each.fields for each in (key, record) if each is not None))
    return BuiltHandler(DeleteHandler(options.account, app, leases, key=key, record=record), fields=read)


ONSPRING_DELETE = HandlerKind("onspring.delete", DeleteOptions, _build)
