"""Discussions, users and files as JSON, for a simulator that is started again."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.conversations import Comment, Discussion
from service.dev.simulators.fusioo.files import StoredFile
from service.dev.simulators.fusioo.members import Member


def discussions_to_json(discussions: Iterable[Discussion]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(discussion),
            "created": discussion.created.isoformat(),
            "comments": [
                {**asdict(comment), "created": comment.created.isoformat()} for comment in discussion.comments
            ],
        }
        for discussion in discussions
    ]


def discussions_from_json(saved: Iterable[Mapping[str, Any]]) -> dict[str, Discussion]:
    discussions = (
        Discussion(
            **{
                **discussion,
                "created": datetime.fromisoformat(discussion["created"]),
                "comments": [
                    Comment(**{**comment, "created": datetime.fromisoformat(comment["created"])})
                    for comment in discussion["comments"]
                ],
            }
        )
        for discussion in saved
    )
    return {discussion.id: discussion for discussion in discussions}


def files_to_json(files: Iterable[StoredFile]) -> list[dict[str, Any]]:
    return [
        {
            "id": stored.id,
            "name": stored.name,
            "content_type": stored.content_type,
            "content": base64.b64encode(b"".join(stored.content.pieces())).decode(),
            "created": stored.created.isoformat(),
            "created_by": stored.created_by,
            "record_id": stored.record_id,
            "field_id": stored.field_id,
            "said_in": stored.said_in,
        }
        for stored in files
    ]


def files_from_json(saved: Iterable[Mapping[str, Any]]) -> dict[str, StoredFile]:
    files = (
        StoredFile(
            **{
                **stored,
                "content": Content(base64.b64decode(stored["content"])),
                "created": datetime.fromisoformat(stored["created"]),
            }
        )
        for stored in saved
    )
    return {stored.id: stored for stored in files}


def members_from_json(saved: Iterable[Mapping[str, Any]]) -> dict[str, Member]:
    return {member["id"]: Member(**member) for member in saved}
