"""Files in records, discussions and comments. Shapes: the samples of the vendor's page of API version 3."""

from datetime import datetime

from service.fusioo.models.tolerant import Tolerant
from service.fusioo.moments import read_stamp


class FileInfo(Tolerant):
    """What Fusioo knows of a file, apart from its content."""

    id: str
    name: str | None = None
    content_type: str | None = None
    size: int | None = None
    """In bytes."""
    created_on: str | None = None
    """As it came: `2023-08-01T08:30:35`, without an offset."""
    created_by: str | None = None
    """The display name of a user."""

    @property
    def created_at(self) -> datetime | None:
        """`created_on` as an aware moment in UTC; None where it is missing or no moment."""
        return read_stamp(self.created_on)


class CreatedFile(Tolerant):
    """The answer to an upload. A file that was not put into a record is deleted after 2 days."""

    id: str
    title: str | None = None
    """The file's name, which `FileInfo` calls `name`."""
