"""The discussions on records, with their comments."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import Discussion
from service.fusioo.paging import Order, PagePlan, Paging
from service.fusioo.protocol import Call, build_call
from service.fusioo.resources.listed import ListedDiscussions
from service.fusioo.walking import Progress, Walk


class Discussions:
    """`client.discussions`. Every method raises FusiooError (fusioo/errors).

    A text may mention users: `Can you look at this <mention uid="i7381c">@Penelope Cruz</mention>?`, where
    `uid` is a user's id (vendor's page).
    """

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

    async def create(self, record_id: str, content: str, *, files: Sequence[str] = ()) -> Discussion:
        """Start a discussion on a record; `files` are ids, of temporary files too.

        Raises RecordNotFoundError, ContentMissingError, ContentTooLongError, AppAccessDeniedError.
        """
        call = build_call(
            endpoints.CREATE_DISCUSSION,
            ids={"record": record_id},
            body={"content": content, "files": list(files)},
        )
        return answers.a_model(endpoints.CREATE_DISCUSSION, Discussion, await self._perform(call))

    async def list(
        self,
        record_id: str,
        *,
        order: Order | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> tuple[Discussion, ...]:
        """One page of a record's discussions: `limit` 0 to 200 (200), `offset` from 0, oldest first.

        Raises RecordNotFoundError, AppAccessDeniedError, ListingRefusedError.
        """
        query = {"order": order, "offset": offset, "limit": limit}
        call = build_call(endpoints.LIST_DISCUSSIONS, ids={"record": record_id}, query=query)
        return answers.models(endpoints.LIST_DISCUSSIONS, Discussion, await self._perform(call))

    def walk(
        self,
        record_id: str,
        *,
        order: Order = "asc",
        paging: Paging | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        allow_missing: bool = False,
    ) -> Walk[Discussion]:
        """Walk through all discussions on a record, each once, while others come and go; see Walk.

        `order` is by when they were created: oldest first, or `desc`. The API has no count of them, so
        `expected` stays None.
        """
        listed = ListedDiscussions(partial(self.list, record_id), order=order)
        plan = PagePlan(paging or Paging(), counted=False, lasting=True)
        return Walk(listed, plan, on_progress=on_progress, allow_missing=allow_missing)

    async def get(self, discussion_id: str) -> Discussion:
        """One discussion. Raises DiscussionNotFoundError, AppAccessDeniedError."""
        call = build_call(endpoints.GET_DISCUSSION, ids={"discussion": discussion_id})
        return answers.a_model(endpoints.GET_DISCUSSION, Discussion, await self._perform(call))

    async def delete(self, discussion_id: str) -> None:
        """Delete a discussion; only its owner can. Raises DiscussionNotFoundError, AppAccessDeniedError."""
        await self._perform(build_call(endpoints.DELETE_DISCUSSION, ids={"discussion": discussion_id}))
