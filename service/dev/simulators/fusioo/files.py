"""The files of a company: those of records, of discussions and comments, and the temporary ones.

"The temporary file is deleted after 2 days" (Fusioo's API v3 page, Create file).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.records import stamp

TEMPORARY_LIFE = timedelta(days=2)


@dataclass
class StoredFile:
    """One file, held by a record's field, or by a discussion or comment; a temporary one by nothing."""

    id: str
    name: str
    content_type: str
    content: Content
    created: datetime
    created_by: str
    record_id: str = ""
    field_id: str = ""
    said_in: str = ""
    """The id of the discussion or comment that shows it."""

    @property
    def is_temporary(self) -> bool:
        return not self.record_id and not self.said_in

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.content.size,
            "created_on": stamp(self.created),
            "created_by": self.created_by,
        }


@dataclass
class FileStore:
    """All files by id."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    by_id: dict[str, StoredFile] = field(default_factory=dict)

    @property
    def total_size(self) -> int:
        """Bytes of all files that are still there."""
        self._expire()
        return sum(stored.content.size for stored in self.by_id.values())

    def add(
        self,
        name: str,
        content: Content,
        *,
        content_type: str,
        person: str,
        record_id: str = "",
        field_id: str = "",
    ) -> StoredFile:
        """Add a file of a record's field, or a temporary one."""
        stored = StoredFile(
            self.new_id(), name, content_type, content, self.clock(), person, record_id, field_id
        )
        self.by_id[stored.id] = stored
        return stored

    def find(self, file_id: str) -> StoredFile | None:
        """Find a file that is still there."""
        self._expire()
        return self.by_id.get(file_id)

    def in_field(self, record_id: str, field_id: str) -> list[StoredFile]:
        """List the files that a record's field holds."""
        place = (record_id, field_id)
        return [stored for stored in self.by_id.values() if (stored.record_id, stored.field_id) == place]

    def usable_in(self, record_id: str, file_id: str) -> bool:
        """Say whether a record may name the file: a temporary one, or one that it already holds."""
        stored = self.find(file_id)
        return stored is not None and (stored.is_temporary or stored.record_id == record_id)

    def settle(self, record_id: str, field_id: str, file_ids: Iterable[str]) -> None:
        """Make a record's field hold exactly these files; those that it let go are deleted."""
        kept = set(file_ids)
        for stored in self.in_field(record_id, field_id):
            if stored.id not in kept:
                del self.by_id[stored.id]
        for file_id in kept & self.by_id.keys():
            stored = self.by_id[file_id]
            stored.record_id, stored.field_id = record_id, field_id

    def say(self, said_in: str, file_ids: Iterable[str]) -> None:
        """Let a discussion or comment show these temporary files."""
        for file_id in file_ids:
            self.by_id[file_id].said_in = said_in

    def forget(self, said_in: str) -> None:
        """Delete the files of a discussion or comment."""
        self.by_id = {file_id: kept for file_id, kept in self.by_id.items() if kept.said_in != said_in}

    def _expire(self) -> None:
        oldest = self.clock() - TEMPORARY_LIFE
        expired = [
            stored.id for stored in self.by_id.values() if stored.is_temporary and stored.created <= oldest
        ]
        for file_id in expired:
            del self.by_id[file_id]
