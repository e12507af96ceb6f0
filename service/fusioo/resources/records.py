"""The records of all apps. A record's id is unique across them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeAlias

from service.fusioo import answers, endpoints
from service.fusioo.chunking import BatchSizes
from service.fusioo.id_walking import IdWalk
from service.fusioo.models import Record
from service.fusioo.paging import MOST_PER_PAGE, Order, PagePlan, Paging
from service.fusioo.protocol import Call, build_call, ids_list
from service.fusioo.resources.listed import LAST_MODIFIED, ListedRecords
from service.fusioo.resources.newest import newest
from service.fusioo.walking import Progress, Walk
from service.transport.noting import Noting, Write, unnoted

Filter: TypeAlias = Mapping[str, Any]
"""Field id → condition → value, like `{"status": {"contains": "Done"}}`; several fields are joined by AND."""
RecordList: TypeAlias = list[Record]


class Records:
    """`client.records`. Every method raises FusiooError (fusioo/errors)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]], noting: Noting = unnoted) -> None:
        self._perform, self._noting = perform, noting
        self.batches = BatchSizes()
        """How many ids `walk_ids` asks for at once, learnt for each app while this client lives."""

    async def get(self, record_id: str, *, include_deleted: bool = False) -> Record:
        """One record. Deleted ones only for an admin's token, until they are permanently deleted.

        Raises RecordNotFoundError, RecordAccessDeniedError, AppAccessDeniedError.
        """
        query = {"includeDeleted": include_deleted or None}
        call = build_call(endpoints.GET_RECORD, ids={"record": record_id}, query=query)
        return answers.a_record(endpoints.GET_RECORD, await self._perform(call))

    async def get_deleted(self, record_id: str) -> Record:
        """One record out of the trash, until it is permanently deleted; for an admin's token only.

        Raises RecordNotFoundError.
        """
        call = build_call(endpoints.GET_DELETED_RECORD, ids={"record": record_id})
        return answers.a_record(endpoints.GET_DELETED_RECORD, await self._perform(call))

    async def by_ids(self, app_id: str, ids: Sequence[str], *, body: Filter | None = None) -> RecordList:
        """Those of up to 200 records that the app has and the token may see, in no promised order.

        `body` is the filter sent along; the page does not say what it must be, so it is `{}` by default.
        Raises ValueError for more than 200 ids, RequestTooLargeError where fewer should be asked for.
        """
        if not 0 < len(ids) <= MOST_PER_PAGE:
            raise ValueError(f"{len(ids)} ids; 1 to {MOST_PER_PAGE} can be asked for at once")
        call = build_call(
            endpoints.RECORDS_BY_IDS,
            ids={"app": app_id},
            query={"ids": ids_list(ids), "limit": MOST_PER_PAGE},
            body={} if body is None else dict(body),
        )
        data = await self._perform(call)
        if isinstance(data, list):  # a null in a record's place says that it is not there
            data = [record for record in data if record is not None]
        return answers.records(endpoints.RECORDS_BY_IDS, data)

    async def list(
        self,
        app_id: str,
        *,
        sort_by: str | None = None,
        order: Order | None = None,
        offset: int | None = None,
        limit: int | None = None,
        include_deleted: bool = False,
    ) -> RecordList:
        """One page of an app's records: `limit` 0 to 200 (200), `offset` from 0, sorted by the key field."""
        query = _page(sort_by, order, offset, limit) | {"includeDeleted": include_deleted or None}
        call = build_call(endpoints.LIST_RECORDS, ids={"app": app_id}, query=query)
        return answers.records(endpoints.LIST_RECORDS, await self._perform(call))

    async def filter(
        self,
        app_id: str,
        conditions: Filter,
        *,
        sort_by: str | None = None,
        order: Order | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> RecordList:
        """One page of the records that meet the conditions; paging as in `list`."""
        query = _page(sort_by, order, offset, limit)
        call = build_call(endpoints.FILTER_RECORDS, ids={"app": app_id}, query=query, body=dict(conditions))
        return answers.records(endpoints.FILTER_RECORDS, await self._perform(call))

    def walk(
        self,
        app_id: str,
        conditions: Filter | None = None,
        *,
        sort_by: str | None = None,
        order: Order = "asc",
        lasting: bool | None = None,
        include_deleted: bool = False,
        paging: Paging | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        allow_missing: bool = False,
    ) -> Walk[Record]:
        """Walk through all records of an app, or those that meet conditions, each once, while others edit it.

            async for record in client.records.walk(app_id):
                ...

        Sorted by `created` (the key field where the API refuses that), so that edits move nothing; for
        another `sort_by`, like an auto-number, `lasting=True` says that this is so. See Walk for what is
        promised, and for errors. Costs a call per 190 records, and two to count them, which tells what is
        missing; with `include_deleted` nothing is counted. Raises ValueError for that with conditions.
        """
        if conditions is not None and include_deleted:
            raise ValueError("the API has no filter that includes deleted records; walk without conditions")
        pages = (
            partial(self.list, app_id, include_deleted=include_deleted)
            if conditions is None
            else partial(self.filter, app_id, conditions)
        )
        count = None if include_deleted else partial(self.count, app_id, conditions)
        filtered = conditions is not None
        listed = ListedRecords(pages, count, filtered=filtered, sort_by=sort_by, order=order, lasting=lasting)
        plan = PagePlan(paging or Paging(), counted=listed.counted, lasting=listed.lasting)
        return Walk(listed, plan, on_progress=on_progress, allow_missing=allow_missing)

    def listed(self, app_id: str, *, newest: bool = False) -> ListedRecords:
        """Give an app's records as a list to be read page by page, by whoever keeps how far that is.

        Sorted by `created` and counted, as in `walk`; `newest`: by `last_modified`, descending, not counted.
        """
        pages = partial(self.list, app_id)
        if newest:
            return ListedRecords(pages, None, sort_by=LAST_MODIFIED, order="desc")
        return ListedRecords(pages, partial(self.count, app_id))

    def walk_ids(
        self,
        app_id: str,
        ids: Iterable[str],
        *,
        body: Filter | None = None,
        batches: BatchSizes | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> IdWalk:
        """Walk through any number of records by their ids, as many at once as the API takes; see IdWalk.

        How many that is is learnt: from 50 up to 200 while it works, half where it fails (`batches`: by
        default this client's own). `body` is as in `by_ids`. `cheaper_way` (fusioo/chunking.py) tells when
        `newest` needs fewer calls.
        """
        return IdWalk(
            app_id,
            ids,
            look=partial(self.by_ids, app_id, body=body),
            get=self.get,
            batches=batches or self.batches,
            on_progress=on_progress,
        )

    def newest(
        self,
        app_id: str,
        *,
        until: datetime,
        by: Literal["last_modified", "created"] = "last_modified",
        paging: Paging | None = None,
    ) -> AsyncIterator[Record]:
        """Walk through what changed (or was created) since `until`, an aware moment, newest first.

        200 records a call whatever the length of a URL: the cheaper way to many records that changed lately.
        Deleted ones are not among them. Raises ValueError for a naive moment, UnreadableAnswerError where the
        API does not sort by that stamp.
        """
        if until.tzinfo is None:
            raise ValueError(f"{until.isoformat()} has no time zone")
        listed = partial(ListedRecords, partial(self.list, app_id), None, sort_by=by, order="desc")
        return newest(listed, until=until, stamp=by, paging=paging or Paging())

    async def count(self, app_id: str, conditions: Filter | None = None) -> int:
        """How many records the app has, or how many of them meet the conditions."""
        counted = endpoints.COUNT_RECORDS if conditions is None else endpoints.COUNT_FILTERED_RECORDS
        body = None if conditions is None else dict(conditions)
        call = build_call(counted, ids={"app": app_id}, body=body)
        return answers.a_count(counted, await self._perform(call))

    async def create(self, app_id: str, fields: Mapping[str, Any]) -> Record:
        """Create a record; gives what the API tells of it: at least `id`, perhaps the whole record.

        Raises ValidationFailedError, CannotCreateError, ConcurrentRequestsError, AppNotFoundError.
        """
        call = build_call(endpoints.CREATE_RECORD, ids={"app": app_id}, body=dict(fields))
        async with self._noting(Write(fields, app_id=app_id)):
            return answers.a_record(endpoints.CREATE_RECORD, await self._perform(call))

    async def update(self, record_id: str, fields: Mapping[str, Any]) -> Record:
        """Set some fields of a record; gives what the API tells of it: nothing, or the whole record.

        Raises ValidationFailedError, CannotUpdateError, RecordNotFoundError, RecordAccessDeniedError.
        """
        call = build_call(endpoints.UPDATE_RECORD, ids={"record": record_id}, body=dict(fields))
        async with self._noting(Write(fields, record_id=record_id)):
            return answers.an_object(endpoints.UPDATE_RECORD, await self._perform(call))

    async def delete(self, record_id: str) -> None:
        """Delete a record. Raises CannotDeleteError, RecordNotFoundError, RecordAccessDeniedError."""
        await self._perform(build_call(endpoints.DELETE_RECORD, ids={"record": record_id}))


def _page(
    sort_by: str | None, order: Order | None, offset: int | None, limit: int | None
) -> dict[str, str | int | bool | None]:
    return {"sort_by": sort_by, "order": order, "offset": offset, "limit": limit}
