"""Handler kind `onspring.attach`: copies files of a Fusioo record to a record of Onspring."""

from collections.abc import Mapping
from typing import Any

from service.changes.types import Change, Kind
from service.errors import RefusedError
from service.fusioo.errors import NoSuchFileError
from service.fusioo.links import ids_in
from service.fusioo.problems import MisfitError
from service.handlers.builtin.onspring_attach_options import AttachOptions, check_attach
from service.handlers.builtin.onspring_attachments import attached, marked
from service.handlers.builtin.onspring_copying import Copier, Place, TooLarge
from service.handlers.builtin.onspring_destination import Addressee
from service.handlers.builtin.onspring_targets import TargetApp
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import TemplateFailedError, Templates, compile_templates
from service.handlers.types import Discard, Done, Outcome
from service.onspring.definitions import Definitions

_SOURCE = "fusioo"
_OF_THE_RECORD = frozenset({"record", "change"})


class AttachHandler:
    """Copies the files of each change that are not there yet."""

    def __init__(
        self,
        account: str,
        addressee: Addressee,
        *,
        files: Templates,
        notes: Templates,
        only_added: bool,
        within: float,
    ) -> None:
        self._account, self._addressee = account, addressee
        self._files, self._notes = files, notes
        self._only_added, self._within = only_added, within

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, Retry, TemplateFailedError, and what the clients raise."""
        if change.provider != _SOURCE:
            raise RefusedError(
                f"files come from Fusioo, and account {change.account} is at {change.provider}"
            )
        if change.kind is Kind.DELETE:
            raise Discard("the record was deleted")
        values = values_of(change)
        wanted = self._wanted(change, values)
        if not wanted:
            return Done({"attached": []})
        onspring = context.onspring(self._account)
        record, field = await self._addressee.find(onspring, values)
        there = await attached(onspring, record, field.id)
        missing = [each for each in wanted if each not in there]
        copier = Copier(context.fusioo(change.account), onspring, within=self._within)
        place, notes = Place(record.record_id, field.id), str(self._notes.render(values))
        too_large: list[TooLarge] = []
        gone: list[str] = []
        for file_id in missing:
            try:
                refused = await copier.copy(file_id, place, notes=marked(notes, file_id))
            except NoSuchFileError:
                gone.append(file_id)
                continue
            if refused is not None:
                too_large.append(refused)
        if too_large:
            refusal = ", ".join(map(str, too_large))
            raise Discard(
                f"Onspring takes files of up to 50 MB, and not {refusal}; "
                f"{len(wanted) - len(gone) - len(too_large)} others are there"
            )
        copied = [each for each in missing if each not in gone]
        return Done({"record": str(record.record_id), "attached": copied, **({"gone": gone} if gone else {})})

    def _wanted(self, change: Change, values: Mapping[str, Any]) -> list[str]:
        """The files to be there; of an update, unless all are asked for, those that it added."""
        wanted = dict.fromkeys(_ids(self._files.render(values)))
        if not self._only_added or change.diff is None or not self._files.names <= _OF_THE_RECORD:
            return list(wanted)
        before = {**(change.record or {}), **{name: side.before for name, side in change.diff.items()}}
        try:
            had = _ids(self._files.render({**values, "record": before}))
        except (TemplateFailedError, RefusedError):
            had = ()
        return [each for each in wanted if each not in had]


def _ids(rendered: Any) -> tuple[str, ...]:
    """The ids that `files` gave. Raises RefusedError for what is none."""
    members = rendered if isinstance(rendered, list) else [rendered]
    try:
        return tuple(each for one in members if one not in (None, "", []) for each in ids_in(one))
    except MisfitError as error:
        raise RefusedError(f"`files` {error}") from error


def _build(options: AttachOptions, settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check_attach(options, deps)
    files = compile_templates(options.files, under=("files",))
    notes = compile_templates(options.notes, under=("notes",), as_text=True)
    record = None if options.record is None else compile_templates(options.record, under=("record",))
    key = None if options.key is None else compile_templates(options.key, under=("key",))
    handler = AttachHandler(
        options.account,
        Addressee(TargetApp(options.app, Definitions()), options.field, record=record, key=key),
        files=files,
        notes=notes,
        only_added=options.only_added,
        within=settings.timeout.total_seconds(),
    )
    read = frozenset().union(*(each.fields for each in (files, notes, record, key) if each is not None))
    return BuiltHandler(handler, fields=read)


ONSPRING_ATTACH = HandlerKind("onspring.attach", AttachOptions, _build)
