"""Discussions on records, and their comments. Shapes: the sample answers of the vendor's page, version 3."""

from datetime import datetime
from typing import Annotated

from service.fusioo.models.tolerant import EmptyList, Ids, Tolerant
from service.fusioo.moments import read_stamp


class Comment(Tolerant):
    """A comment in a discussion. `content` may hold mentions: `<mention uid="…">@Name</mention>`."""

    id: str
    content: str | None = None
    files: Ids = ()
    """Ids of files."""
    created_on: str | None = None
    """As it came: `2023-08-25T14:43:52`, without an offset."""
    created_by: str | None = None
    """The display name of a user."""

    @property
    def created_at(self) -> datetime | None:
        """`created_on` as an aware moment in UTC; None where it is missing or no moment."""
        return read_stamp(self.created_on)


class Discussion(Comment):
    """A discussion on a record, with its comments."""

    comments: Annotated[tuple[Comment, ...], EmptyList] = ()
