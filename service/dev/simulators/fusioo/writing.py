"""Writes to records, by whomever: checked first, and then the files settled that they name."""

from collections.abc import Mapping
from typing import Any

from service.dev.simulators.fusioo.records import Record, Values
from service.dev.simulators.fusioo.schema import App, FieldType
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.validation import check_values


def problems_of(
    state: FusiooState,
    app: App,
    values: Mapping[str, Any],
    *,
    record: Record | None = None,
    computing: bool = False,
) -> list[dict[str, str]]:
    """List what is wrong with values for `record`, or for a new one: `{field, message}` each."""
    record_id = "" if record is None else record.id
    return check_values(
        app,
        values,
        creating=record is None,
        record_exists=state.link_exists,
        file_usable=lambda file_id: state.files.usable_in(record_id, file_id),
        computing=computing,
    )


def settle_files(state: FusiooState, app: App, record: Record, written: Values) -> None:
    """Give the record the files that it names from now on, and delete those that it named before."""
    for field in app.fields_of(FieldType.FILE):
        if field.id in written:
            state.files.settle(record.id, field.id, record.now.values.get(field.id, ()))


def purge(state: FusiooState, record_id: str) -> None:
    """Delete a record for good, with its discussions and files. Raises KeyError."""
    record = state.records.by_id[record_id]
    state.records.purge(record_id)
    for field in state.apps[record.app_id].fields_of(FieldType.FILE):
        state.files.settle(record_id, field.id, ())
    for discussion in state.conversations.on_record(record_id):
        drop_discussion(state, discussion.id)


def drop_discussion(state: FusiooState, discussion_id: str) -> None:
    """Delete a discussion with its comments and files. Raises KeyError."""
    discussion = state.conversations.by_id.pop(discussion_id)
    for said_in in (discussion_id, *(comment.id for comment in discussion.comments)):
        state.files.forget(said_in)
