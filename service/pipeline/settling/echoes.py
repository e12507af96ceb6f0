"""Which changes of a look come of what our own handlers wrote (DESIGN §5, "Own writes")."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.echo import Echo, Note, echo_of_create, echo_of_unchanged, echo_of_update
from service.changes.types import Fields, Kind
from service.own_writes.repository import read_notes, use_notes
from service.records.repository import NewChange
from service.registrations.apps import AppView, read_schema
from service.rules.value_hashes import hash_value

ComputedIn = Callable[[Mapping[str, Any]], frozenset[str]]
"""From an app's schema, as the provider described it, to the fields that the provider sets by itself."""


def none_computed(_schema: Mapping[str, Any]) -> frozenset[str]:
    """Stand for a provider that sets no field by itself."""
    return frozenset()


async def find_echoes(
    connection: AsyncConnection,
    account: str,
    app_id: str,
    view: AppView,
    changes: Iterable[NewChange],
    *,
    computed_in: ComputedIn,
) -> dict[str, Echo]:
    """Judge the changes of one look by the notes of our writes, and use those up that were met.

    Returns what there is to say, by record id. Costs nothing as long as no write is noted. The caller holds
    the records and the app's slot.
    """
    edited, new = _candidates(changes) if view.writes_noted else ([], [])
    if not edited and not new:
        return {}
    notes = await read_notes(
        connection, account, app_id, record_ids=[each.record_id for each in edited], any_new=bool(new)
    )
    echoes = dict(_echoes_of_creates(new, notes.of_app))
    if notes.of_records:
        computed = computed_in(await read_schema(connection, account, app_id) or {})
        for change in edited:
            of_record = notes.of_records.get(change.record_id)
            if of_record and change.diff:
                differing = change.diff.keys() - computed
                shown = _hashes(change.record, {*differing, *_named(of_record)})
                echoes[change.record_id] = echo_of_update(differing, shown, of_record)
            elif of_record:
                shown = _hashes(change.record, _named(of_record))
                echoes[change.record_id] = echo_of_unchanged(shown, of_record)
    met = {note_id for echo in echoes.values() for note_id in echo.met}
    if met:
        await use_notes(connection, met)
    return echoes


def _candidates(changes: Iterable[NewChange]) -> tuple[list[NewChange], list[NewChange]]:
    """Changes that an update of ours, or a create of ours, can have led to."""
    edited, new = [], []
    for change in changes:
        if change.diff is not None:
            edited.append(change)
        elif change.kind is not Kind.DELETE and not change.restored:
            new.append(change)
    return edited, new


def _echoes_of_creates(new: Sequence[NewChange], notes: Sequence[Note]) -> Iterable[tuple[str, Echo]]:
    left = list(notes)
    for change in new:
        if not left:
            return
        echo = echo_of_create(_hashes(change.record, _named(left)), left)
        left = [note for note in left if note.id not in echo.met]
        yield change.record_id, echo


def _named(notes: Sequence[Note]) -> set[str]:
    return {name for note in notes for name in note.hashes}


def _hashes(record: Fields | None, field_ids: Iterable[str]) -> dict[str, str]:
    return {name: hash_value((record or {}).get(name)) for name in field_ids}
