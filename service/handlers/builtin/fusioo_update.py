"""Handler kind `fusioo.update`: sets fields of the record that changed, or of one that it names."""

from collections.abc import Mapping
from typing import Any

from service.changes.types import Change
from service.handlers.builtin.fusioo_missing import needing_its_target
from service.handlers.builtin.fusioo_options import UpdateOptions, check
from service.handlers.builtin.fusioo_targets import is_same_record, target_record
from service.handlers.builtin.merging import Edit, Merge, check_merge, edit_of
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings, OptionError
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Done, Outcome
from service.rules.texts import is_html
from service.rules.value_hashes import hash_value


class UpdateHandler:
    """Updates one record for each change."""

    def __init__(
        self, account: str, fields: Templates, record: Templates | None, merge: Merge | None
    ) -> None:
        self._account, self._fields, self._record, self._merge = account, fields, record, merge

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, TemplateFailedError, and what the client raises."""
        values = values_of(change)
        record_id = target_record(change, self._account, self._record, values)
        edit = edit_of(change, self._fields, values, self._merge)
        fields, left, records = edit.fields, set[str](), context.fusioo(self._account).records
        with needing_its_target():
            if is_same_record(change, self._account, record_id):
                fields = _missing_in(change.record or {}, fields)
            elif edit.careful:
                shown = await records.get(record_id)
                missing = _missing_in(shown, fields)
                fields = _as_before(shown, missing, edit)
                left = missing.keys() - fields.keys()
            if fields:
                await records.update(record_id, fields)
        detail = {"record": record_id, "updated": sorted(fields)}
        return Done({**detail, "left": sorted(left)} if left else detail)


def _missing_in(shown: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if not _is_there(value, shown.get(name))}


def _as_before(shown: Mapping[str, Any], fields: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """Those of the fields that the record shows as they were before the edit, and those that win."""
    return {
        name: value
        for name, value in fields.items()
        if name not in edit.careful or _is_there(edit.before[name], shown.get(name))
    }


def _is_there(value: Any, shown: Any) -> bool:
    """Whether a value need not be written: it is shown, if perhaps in another form."""
    if isinstance(value, str) and is_html(value):
        return bool(value == shown)
    return hash_value(value) == hash_value(shown)


def _build(options: UpdateOptions, _settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check(options, deps)
    fields = compile_templates(options.fields, under=("fields",))
    record = None if options.record is None else compile_templates(options.record, under=("record",))
    if options.merge is not None:
        if record is None:
            raise OptionError("merges into another record: say by `record` into which", path=("merge",))
        check_merge(fields)
    named = fields.fields | (frozenset(options.fields) if record is None else record.fields)
    return BuiltHandler(UpdateHandler(options.account, fields, record, options.merge), fields=named)


FUSIOO_UPDATE = HandlerKind("fusioo.update", UpdateOptions, _build)
