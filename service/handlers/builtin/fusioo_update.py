"""Handler kind `fusioo.update`: sets fields of the record that changed, or of one that it names."""

from typing import Any

from service.changes.types import Change
from service.handlers.builtin.fusioo_missing import needing_its_target
from service.handlers.builtin.fusioo_options import UpdateOptions, check
from service.handlers.builtin.fusioo_targets import is_same_record, target_record
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Done, Outcome
from service.rules.texts import is_html
from service.rules.value_hashes import hash_value


class UpdateHandler:
    """Updates one record for each change."""

    def __init__(self, account: str, fields: Templates, record: Templates | None) -> None:
        self._account, self._fields, self._record = account, fields, record

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, TemplateFailedError, and what the client raises."""
        values = values_of(change)
        record_id = target_record(change, self._account, self._record, values)
        fields = self._fields.render(values)
        if is_same_record(change, self._account, record_id):
            shown = change.record or {}
            fields = {name: value for name, value in fields.items() if not _is_there(value, shown.get(name))}
            if not fields:
                return Done({"record": record_id, "updated": []})
        with needing_its_target():
            await context.fusioo(self._account).records.update(record_id, fields)
        return Done({"record": record_id, "updated": sorted(fields)})


def _is_there(value: Any, shown: Any) -> bool:
    """Whether a value need not be written: it is shown, if perhaps in another form."""
    if isinstance(value, str) and is_html(value):
        return bool(value == shown)
    return hash_value(value) == hash_value(shown)


def _build(options: UpdateOptions, _settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check(options, deps)
    fields = compile_templates(options.fields, under=("fields",))
    record = None if options.record is None else compile_templates(options.record, under=("record",))
    named = fields.fields | (frozenset(options.fields) if record is None else record.fields)
    return BuiltHandler(UpdateHandler(options.account, fields, record), fields=named)


FUSIOO_UPDATE = HandlerKind("fusioo.update", UpdateOptions, _build)
