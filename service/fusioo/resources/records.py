"""The records of all apps. A record's id is unique across them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from service.fusioo import answers, endpoints
from service.fusioo.models import Record
from service.fusioo.protocol import Call, build_call, ids_list

MOST_AT_ONCE = 200
"""Records per answer (vendor's page, parameter `limit`)."""

Order: TypeAlias = Literal["asc", "desc"]
Filter: TypeAlias = Mapping[str, Any]
"""Field id → condition → value, like `{"status": {"contains": "Done"}}`; several fields are joined by AND."""
RecordList: TypeAlias = list[Record]


class Records:
    """`client.records`. Every method raises FusiooError (fusioo/errors.py)."""

    def __init__(self, perform: Callable[[Call], Awaitable[Any]]) -> None:
        self._perform = perform

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
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise ValueError(f"{len(ids)} ids; 1 to {MOST_AT_ONCE} can be asked for at once")
        call = build_call(
            endpoints.RECORDS_BY_IDS,
            ids={"app": app_id},
            query={"ids": ids_list(ids), "limit": MOST_AT_ONCE},
            body={} if body is None else dict(body),
        )
        return answers.records(endpoints.RECORDS_BY_IDS, await self._perform(call))

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
        return answers.a_record(endpoints.CREATE_RECORD, await self._perform(call))

    async def update(self, record_id: str, fields: Mapping[str, Any]) -> Record:
        """Set some fields of a record; gives what the API tells of it: nothing, or the whole record.

        Raises ValidationFailedError, CannotUpdateError, RecordNotFoundError, RecordAccessDeniedError.
        """
        call = build_call(endpoints.UPDATE_RECORD, ids={"record": record_id}, body=dict(fields))
        return answers.an_object(endpoints.UPDATE_RECORD, await self._perform(call))

    async def delete(self, record_id: str) -> None:
        """Delete a record. Raises CannotDeleteError, RecordNotFoundError, RecordAccessDeniedError."""
        await self._perform(build_call(endpoints.DELETE_RECORD, ids={"record": record_id}))


def _page(
    sort_by: str | None, order: Order | None, offset: int | None, limit: int | None
) -> dict[str, str | int | bool | None]:
    return {"sort_by": sort_by, "order": order, "offset": offset, "limit": limit}
