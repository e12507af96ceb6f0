"""Handler kind `fusioo.comment`: starts a discussion on a record, or comments on one (vendor's page, v3).

A comment stands in a discussion, a discussion on a record. Neither is a field: no change comes of them.
"""

from service.changes.types import Change
from service.handlers.builtin.fusioo_missing import needing_its_target
from service.handlers.builtin.fusioo_options import CommentOptions, check
from service.handlers.builtin.fusioo_targets import target_record, the_id
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.template_values import values_of
from service.handlers.templates import Templates, compile_templates
from service.handlers.types import Discard, Done, Outcome


class CommentHandler:
    """Says one thing for each change."""

    def __init__(
        self, account: str, text: Templates, *, record: Templates | None, discussion: Templates | None
    ) -> None:
        self._account, self._text, self._record, self._discussion = account, text, record, discussion

    async def __call__(self, change: Change, context: Context) -> Outcome:
        """Make one attempt. Raises Discard, TemplateFailedError, and what the client raises."""
        values = values_of(change)
        text = self._text.render(values)
        if not text.strip():
            raise Discard("`text` gives nothing to say")
        client = context.fusioo(self._account)
        if self._discussion is not None:
            discussion_id = the_id(self._discussion.render(values), "discussion")
            with needing_its_target():
                comment = await client.comments.create(discussion_id, text)
            return Done({"discussion": discussion_id, "comment": comment.id})
        record_id = target_record(change, self._account, self._record, values)
        with needing_its_target():
            discussion = await client.discussions.create(record_id, text)
        return Done({"record": record_id, "discussion": discussion.id})


def _build(options: CommentOptions, _settings: HandlerSettings, deps: HandlerDeps) -> BuiltHandler:
    check(options, deps)
    text = compile_templates(options.text, under=("text",), as_text=True)
    record = None if options.record is None else compile_templates(options.record, under=("record",))
    discussion = (
        None if options.discussion is None else compile_templates(options.discussion, under=("discussion",))
    )
    read = text.fields.union(*(each.fields for each in (record, discussion) if each is not None))
    handler = CommentHandler(options.account, text, record=record, discussion=discussion)
    return BuiltHandler(handler, fields=read)


FUSIOO_COMMENT = HandlerKind("fusioo.comment", CommentOptions, _build)
