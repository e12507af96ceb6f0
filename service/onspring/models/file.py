"""Files in records. Shapes: the vendor's page, API version 2."""

from service.onspring.models.tolerant import Tolerant


class FileInfo(Tolerant):
    """What Onspring knows of a file, apart from its content. Moments in UTC, as they came."""

    type: str | None = None
    """`Attachment` or `Image`."""
    content_type: str | None = None
    name: str | None = None
    created_date: str | None = None
    modified_date: str | None = None
    owner: str | None = None
    notes: str | None = None
    file_href: str | None = None


class CreatedFile(Tolerant):
    """The answer to an added file."""

    id: int
