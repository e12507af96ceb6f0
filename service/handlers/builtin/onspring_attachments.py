"""The files in a field of an Onspring record that came from Fusioo, and those that still have to."""

import re
from collections.abc import Iterable

from service.onspring.client import OnspringClient
from service.onspring.models import AttachmentListValue, FileListValue, Record

_MARK = re.compile(r"\[Fusioo ([A-Za-z0-9_-]{1,64})\]\s*\Z")


def marked(notes: str, file_id: str) -> str:
    """The notes of a file that came from Fusioo: they end with its id there."""
    return f"{notes.strip()} [Fusioo {file_id}]".lstrip()


def ids_marked(notes: Iterable[str | None]) -> frozenset[str]:
    """The ids at Fusioo of the files that have these notes."""
    found = (_MARK.search(each or "") for each in notes)
    return frozenset(mark[1] for mark in found if mark is not None)


async def attached(client: OnspringClient, record: Record, field_id: int) -> frozenset[str]:
    """Give the ids at Fusioo of the files that a field holds.

    Attachments show their notes; images are ids alone, so each costs a call. Raises what the client raises.
    """
    held = record.field(field_id)
    if isinstance(held, AttachmentListValue):
        return ids_marked(each.notes for each in held.value)
    if isinstance(held, FileListValue):
        shown = [await client.files.get(record.record_id, field_id, file_id) for file_id in held.value]
        return ids_marked(each.notes for each in shown)
    return frozenset()
