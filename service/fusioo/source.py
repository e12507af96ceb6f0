"""What settle needs of Fusioo: the present state of some records."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from service.changes.types import Answer
from service.errors import UnsortableError
from service.fusioo.client import FusiooClient
from service.fusioo.endpoints import GET_RECORD
from service.fusioo.errors import (
    AppAccessDeniedError,
    OneOfManyRefusedError,
    RecordAccessDeniedError,
    RecordNotFoundError,
    UnreadableAnswerError,
)
from service.fusioo.link_targets import link_targets
from service.fusioo.matching import match_ids, normal_id
from service.fusioo.paging import MOST_PER_PAGE
from service.fusioo.resources.listed import LAST_MODIFIED, UNSORTABLE, ListedRecords


class FusiooSource:
    """The records of one account. `body` is the filter sent with a look at many (undocumented: `{}`)."""

    def __init__(self, client: FusiooClient, *, body: Mapping[str, Any] | None = None) -> None:
        self._client = client
        self._body = dict(body or {})

    async def fetch_many(self, app_id: str, ids: Sequence[str]) -> Answer:
        """Look at up to 200 records of an app with one call (none for no ids). Nobody is `hidden` here.

        Raises ValueError for more, RequestTooLargeError or OneOfManyRefusedError where half of them should be
        asked for, and what else FusiooClient raises.
        """
        if not ids:
            return Answer()
        try:
            records = await self._client.records.by_ids(app_id, ids, body=self._body)
        except (RecordNotFoundError, RecordAccessDeniedError) as error:
            if len(ids) > 1:
                raise OneOfManyRefusedError(
                    error.said, endpoint=error.endpoint, status=error.status, code=error.code
                ) from error
            return Answer(absent=frozenset(ids))  # a list does not tell absent from hidden
        found, absent = match_ids(ids, records)
        return Answer(found=found, absent=absent)

    async def fetch_newest(self, app_id: str, ids: Collection[str], *, offset: int) -> Answer:
        """Look at up to 200 records of an app from `offset` on, the last changed first, with one call.

        Gives those of `ids` that are among them; of the others it says nothing. Raises UnsortableError where
        the API does not sort by `last_modified` (unpublished), and what else FusiooClient raises.
        """
        pages = partial(self._client.records.list, app_id)
        listed = ListedRecords(pages, None, sort_by=LAST_MODIFIED, order="desc")
        try:
            page = await listed.page(offset, MOST_PER_PAGE, backwards=False)
        except UNSORTABLE as error:
            raise UnsortableError(str(error)) from error
        if not listed.in_order:
            raise UnsortableError(f"{listed.label}: the list is not sorted by {LAST_MODIFIED}")
        wanted = {normal_id(one): one for one in ids}
        shown = {normal_id(record["id"]): record for record in page}
        return Answer(found={wanted[one]: record for one, record in shown.items() if one in wanted})

    async def fetch_one(self, app_id: str, record_id: str) -> Answer:
        """Look at one record by itself, which tells absent from hidden.

        The API does not say which app a record is of: one that is found here although `fetch_many` missed it
        belongs to another app than `app_id`. That the token may not use the record's app counts as hidden,
        for the same reason: it says nothing about `app_id`. Raises what else FusiooClient raises.
        """
        del app_id
        try:
            record = await self._client.records.get(record_id)
        except RecordNotFoundError:
            return Answer(absent=frozenset({record_id}))
        except (RecordAccessDeniedError, AppAccessDeniedError):
            return Answer(hidden=frozenset({record_id}))
        if normal_id(record["id"]) != normal_id(record_id):
            raise UnreadableAnswerError("another record came than was asked for", endpoint=GET_RECORD.label)
        return Answer(found={record_id: record})

    async def link_targets(self) -> dict[str, dict[str, str]]:
        """Look at the link fields of all apps, with one call: app id → field id → the app that it leads to.

        Raises what else FusiooClient raises.
        """
        return {app.id: link_targets(app) for app in await self._client.apps.list()}
