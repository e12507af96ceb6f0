"""Handler kind `fusioo.create`: makes a record. A repeated attempt makes another one, without `unless`."""

from collections.abc import Mapping
from typing import Any

from service.changes.types import Change
from service.errors import RefusedError
from service.handlers.builtin.fusioo_options import CreateOptions, check
from service.handlers.builtin.fusioo_targets import TargetApp
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Done, Outcome


class CreateHandler:
    """Makes one record for each change."""

    def __init__(self, account: str, app: str, fields: Templates, unless: Templates | None) -> None:
        self._account, self._app = account, TargetApp(account, app)
        self._fields, self._unless = fields, unless

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises TemplateFailedError, and what the client raises."""
        values = values_of(change)
        fields = self._fields.render(values)
        unless = None if self._unless is None else _conditions(self._unless.render(values))
        app_id = await self._app.id(change, context)
        records = context.fusioo(self._account).records
        if unless is not None:
            there = await records.filter(app_id, unless, limit=1)
            if there:
                return Done({"record": there[0]["id"], "created": False})
        made = await records.create(app_id, fields)
        return Done({"record": made["id"], "created": True})


def _conditions(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for these values in Fusioo's filter: a list field `contains` its element, others are `equal`."""
    for name, value in wanted.items():
        if value in (None, "", []) or isinstance(value, Mapping):
            raise RefusedError(f"`unless.{name}` gives nothing to look for")
    return {
        name: {"contains": value[0]} if isinstance(value, list) else {"equal": value}
        for name, value in wanted.items()
    }


def _build(options: CreateOptions, _settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check(options, deps)
    fields = compile_templates(options.fields, under=("fields",))
    unless = None if options.unless is None else compile_templates(options.unless, under=("unless",))
    read = fields.fields if unless is None else fields.fields | unless.fields
    return BuiltHandler(CreateHandler(options.account, options.app, fields, unless), fields=read)


FUSIOO_CREATE = HandlerKind("fusioo.create", CreateOptions, _build)
