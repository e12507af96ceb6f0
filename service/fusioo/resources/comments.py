"""The comments in discussions. They are read with their discussion, and can't be deleted by themselves."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import Comment
from service.fusioo.protocol import Call, build_call


class Comments:
    """`client.comments`. Every method raises FusiooError (fusioo/errors)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

    async def create(self, discussion_id: str, content: str, *, files: Sequence[str] = ()) -> Comment:
        """Comment on a discussion; `files` are ids, and the text may mention users as in discussions.

        Raises DiscussionNotFoundError, ContentMissingError, ContentTooLongError, AppAccessDeniedError.
        """
        call = build_call(
            endpoints.CREATE_COMMENT,
            ids={"discussion": discussion_id},
            body={"content": content, "files": list(files)},
        )
        return answers.a_model(endpoints.CREATE_COMMENT, Comment, await self._perform(call))
