"""Discussions on records, and the comments in them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.dev.simulators.fusioo.records import stamp


@dataclass
class Comment:
    """One answer in a discussion."""

    id: str
    content: str
    files: list[str]
    created: datetime
    created_by: str

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "content": self.content,
            "files": list(self.files),
            "created_on": stamp(self.created),
            "created_by": self.created_by,
        }


@dataclass
class Discussion:
    """One discussion; its comments stand in the order in which they were made."""

    id: str
    record_id: str
    content: str
    files: list[str]
    created: datetime
    created_by: str
    comments: list[Comment] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "content": self.content,
            "comments": [comment.to_json() for comment in self.comments],
            "files": list(self.files),
            "created_on": stamp(self.created),
            "created_by": self.created_by,
        }


@dataclass
class Conversations:
    """All discussions by id."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    by_id: dict[str, Discussion] = field(default_factory=dict)

    def on_record(self, record_id: str) -> list[Discussion]:
        """List the discussions on a record, oldest first."""
        found = [discussion for discussion in self.by_id.values() if discussion.record_id == record_id]
        return sorted(found, key=lambda discussion: discussion.created)

    def open(self, record_id: str, content: str, files: list[str], *, person: str) -> Discussion:
        """Begin a discussion on a record."""
        discussion = Discussion(self.new_id(), record_id, content, files, self.clock(), person)
        self.by_id[discussion.id] = discussion
        return discussion

    def let_go(self, file_id: str) -> None:
        """Take a deleted file out of whatever shows it."""
        for discussion in self.by_id.values():
            for files in (discussion.files, *(comment.files for comment in discussion.comments)):
                if file_id in files:
                    files.remove(file_id)

    def answer(self, discussion: Discussion, content: str, files: list[str], *, person: str) -> Comment:
        """Add a comment to a discussion."""
        comment = Comment(self.new_id(), content, files, self.clock(), person)
        discussion.comments.append(comment)
        return comment
