"""The records of apps. Ids are the internal ones, not the numbers that people see (page, "Record Id")."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.batching import MOST_PER_BATCH
from service.onspring.filters import Filter
from service.onspring.models import Batch, DataFormat, Page, Record, SavedRecord
from service.onspring.paging import MOST_PER_PAGE, page_query
from service.onspring.protocol import build_call
from service.onspring.resources.listing import Perform, in_batches, walk
from service.onspring.values import write_value
from service.transport.noting import Noting, Write, unnoted

_ONE = TypeAdapter(Record)
_PAGE = TypeAdapter(Page[Record])
_BATCH = TypeAdapter(Batch[Record])
_SAVED = TypeAdapter(SavedRecord)


class Records:
    """`client.records`. Every method raises OnspringError (onspring/errors).

    `field_ids`: only these fields (None: all). `data_format`: `Raw` (the API's default) or `Formatted`.
    """

    def __init__(self, perform: Perform, noting: Noting = unnoted) -> None:
        self._perform, self._noting = perform, noting

    async def page(
        self,
        app_id: int,
        page: int | None = None,
        page_size: int | None = None,
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
    ) -> Page[Record]:
        """One page of an app's records: by default the first, of 50; at most 1000."""
        query = page_query(page, page_size) | _shown(field_ids, data_format)
        call = build_call(endpoints.LIST_RECORDS, ids={"app": app_id}, query=query)
        return shaped(endpoints.LIST_RECORDS, _PAGE, await self._perform(call))

    def walk(
        self,
        app_id: int,
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
        page_size: int = MOST_PER_PAGE,
    ) -> AsyncIterator[Record]:
        """All records of an app, each once; pages get smaller where they are too large."""

        async def read(page: int, size: int) -> Page[Record]:
            return await self.page(app_id, page, size, field_ids=field_ids, data_format=data_format)

        return walk(read, id_of=_id_of, page_size=page_size)

    async def get(
        self,
        app_id: int,
        record_id: int,
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
    ) -> Record:
        """One record. Raises NoSuchThingError, AccessDeniedError."""
        call = build_call(
            endpoints.GET_RECORD,
            ids={"app": app_id, "record": record_id},
            query=_shown(field_ids, data_format),
        )
        return shaped(endpoints.GET_RECORD, _ONE, await self._perform(call))

    async def batch(
        self,
        app_id: int,
        record_ids: Iterable[int],
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
    ) -> tuple[Record, ...]:
        """Those of any number of records that there are, in the order of their ids; 100 a call or fewer."""

        async def fetch(ids: Sequence[int]) -> tuple[Record, ...]:
            return await self.by_ids(app_id, ids, field_ids=field_ids, data_format=data_format)

        return await in_batches(record_ids, fetch, id_of=_id_of)

    async def by_ids(
        self,
        app_id: int,
        record_ids: Sequence[int],
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
    ) -> tuple[Record, ...]:
        """Those of up to 100 records that there are, with exactly one call, in any order.

        Raises ValueError for none or more; what is too large is not halved, as `batch` does.
        """
        if not 1 <= len(record_ids) <= MOST_PER_BATCH:
            raise ValueError(f"{len(record_ids)} records: one call takes between 1 and {MOST_PER_BATCH}")
        body = {"appId": app_id, "recordIds": list(record_ids)} | _wanted(field_ids, data_format)
        data = await self._perform(build_call(endpoints.GET_RECORDS, body=body))
        return shaped(endpoints.GET_RECORDS, _BATCH, data).items

    async def query(
        self,
        app_id: int,
        filter: Filter | str,  # noqa: A002  the API's word
        page: int | None = None,
        page_size: int | None = None,
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
    ) -> Page[Record]:
        """One page of the records that meet a filter: by default the first, of 50; at most 1000.

        Raises InvalidFilterError for an empty one, BadRequestError for what the API does not understand.
        """
        body = {"appId": app_id, "filter": _text_of(filter)} | _wanted(field_ids, data_format)
        call = build_call(endpoints.QUERY_RECORDS, query=page_query(page, page_size), body=body)
        return shaped(endpoints.QUERY_RECORDS, _PAGE, await self._perform(call))

    def walk_query(
        self,
        app_id: int,
        filter: Filter | str,  # noqa: A002  the API's word
        *,
        field_ids: Sequence[int] | None = None,
        data_format: DataFormat | None = None,
        page_size: int = MOST_PER_PAGE,
    ) -> AsyncIterator[Record]:
        """All records that meet a filter, each once; pages get smaller where they are too large."""

        async def read(page: int, size: int) -> Page[Record]:
            return await self.query(app_id, filter, page, size, field_ids=field_ids, data_format=data_format)

        return walk(read, id_of=_id_of, page_size=page_size)

    async def save(
        self, app_id: int, fields: Mapping[int, Any], *, record_id: int | None = None
    ) -> SavedRecord:
        """Create a record, or change these fields of the one of this `record_id`; None empties a field.

        List fields take GUIDs, references record ids, date fields aware datetimes. `warnings` of the answer
        say what was not taken. Raises ValueError for no field, UnfitValueError for what no field holds.
        """
        if not fields:
            raise ValueError("no field to save: the API refuses that")
        written = {str(field_id): write_value(value) for field_id, value in fields.items()}
        body = {"appId": app_id, "recordId": record_id, "fields": written}
        call = build_call(endpoints.SAVE_RECORD, body=body)
        known_as = None if record_id is None else str(record_id)
        async with self._noting(Write(written, app_id=str(app_id), record_id=known_as)):
            return shaped(endpoints.SAVE_RECORD, _SAVED, await self._perform(call))

    async def delete(self, app_id: int, record_id: int) -> None:
        """Delete a record. Raises NoSuchThingError, AccessDeniedError."""
        ids = {"app": app_id, "record": record_id}
        await self._perform(build_call(endpoints.DELETE_RECORD, ids=ids))

    async def delete_batch(self, app_id: int, record_ids: Iterable[int]) -> None:
        """Delete any number of records, 100 a call or fewer.

        The API says nothing of those that stay (it answers 204 all the same): `batch` shows them.
        """

        async def delete(ids: Sequence[int]) -> tuple[Record, ...]:
            body = {"appId": app_id, "recordIds": list(ids)}
            await self._perform(build_call(endpoints.DELETE_RECORDS, body=body))
            return ()

        await in_batches(record_ids, delete, id_of=_id_of)


def _id_of(record: Record) -> int:
    return record.record_id


def _text_of(condition: Filter | str) -> str:
    return str(condition if isinstance(condition, Filter) else Filter(condition))


def _shown(field_ids: Sequence[int] | None, data_format: DataFormat | None) -> dict[str, Any]:
    """What is shown of records, as parameters of a URL."""
    listed = None if field_ids is None else ",".join(map(str, field_ids))
    return {"fieldIds": listed, "dataFormat": data_format}


def _wanted(field_ids: Sequence[int] | None, data_format: DataFormat | None) -> dict[str, Any]:
    """The same, as a part of a body."""
    wanted = {"fieldIds": None if field_ids is None else list(field_ids), "dataFormat": data_format}
    return {name: value for name, value in wanted.items() if value is not None}
