"""The files in attachment and image fields."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from service.dev.simulators.contents import Content
from service.dev.simulators.onspring.moments import wire

StorageLocation = Literal["Internal", "OneDrive", "GoogleDrive"]

_OWNER = (
    "e7d20e9e-0bce-40e2-8fdb-f8c839a982cb"  # of the page: an id of a user, in another form than a record's
)


@dataclass
class StoredFile:
    """One file in one field of one record. Links are of files that are stored elsewhere."""

    id: int
    app_id: int
    record_id: int
    field_id: int
    name: str
    content_type: str
    content: Content
    created: datetime
    modified: datetime
    notes: str = ""
    storage_location: StorageLocation = "Internal"
    download_link: str = ""
    quick_edit_link: str = ""

    def info(self, field_type: str, origin: str) -> dict[str, Any]:
        """Show it as Get File Info does."""
        path = f"Files/recordId/{self.record_id}/fieldId/{self.field_id}/fileId/{self.id}/file"
        return {
            "type": field_type,
            "contentType": self.content_type,
            "name": self.name,
            "createdDate": wire(self.created),
            "modifiedDate": wire(self.modified),
            "owner": _OWNER,
            "notes": self.notes,
            "fileHref": f"{origin}/{path}",
        }

    def attachment(self) -> dict[str, Any]:
        """Show it as a value of an attachment field does."""
        shown = {
            "fileId": self.id,
            "fileName": self.name,
            "notes": self.notes,
            "storageLocation": self.storage_location,
        }
        if self.storage_location == "Internal":
            return shown
        return {**shown, "downloadLink": self.download_link, "quickEditLink": self.quick_edit_link}


class FileShelf:
    """All files by id."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last_id = 0
        self.by_id: dict[int, StoredFile] = {}

    def add(
        self,
        place: tuple[int, int, int],
        name: str,
        content: Content,
        *,
        content_type: str,
        notes: str = "",
        modified: datetime | None = None,
        file_id: int | None = None,
    ) -> StoredFile:
        """Store a file at its place (app, record, field), under the next id or one that is free."""
        given = self._last_id + 1 if file_id is None else file_id
        self._last_id = max(self._last_id, given)
        now = self._clock()
        stored = StoredFile(given, *place, name, content_type, content, now, modified or now, notes)
        self.by_id[given] = stored
        return stored
