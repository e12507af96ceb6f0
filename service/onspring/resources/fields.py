"""The fields of apps."""

from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.models import AnyField, AppField, Batch, Page
from service.onspring.paging import MOST_PER_PAGE, page_query
from service.onspring.protocol import build_call
from service.onspring.resources.listing import Perform, in_batches, walk

_ONE: TypeAdapter[AppField] = TypeAdapter(AnyField)
_PAGE: TypeAdapter[Page[AppField]] = TypeAdapter(Page[AnyField])
_BATCH: TypeAdapter[Batch[AppField]] = TypeAdapter(Batch[AnyField])


class Fields:
    """`client.fields`: each as ListField, ReferenceField, FormulaField, or else AppField.

    Every method raises OnspringError (onspring/errors).
    """

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    async def page(
        self, app_id: int, page: int | None = None, page_size: int | None = None
    ) -> Page[AppField]:
        """One page of an app's fields: by default the first, of 50; at most 1000."""
        call = build_call(endpoints.LIST_FIELDS, ids={"app": app_id}, query=page_query(page, page_size))
        return shaped(endpoints.LIST_FIELDS, _PAGE, await self._perform(call))

    def walk(self, app_id: int, *, page_size: int = MOST_PER_PAGE) -> AsyncIterator[AppField]:
        """All fields of an app."""

        async def read(page: int, size: int) -> Page[AppField]:
            return await self.page(app_id, page, size)

        return walk(read, id_of=_id_of, page_size=page_size)

    async def get(self, field_id: int) -> AppField:
        """One field. Raises NoSuchThingError, AccessDeniedError."""
        data = await self._perform(build_call(endpoints.GET_FIELD, ids={"field": field_id}))
        return shaped(endpoints.GET_FIELD, _ONE, data)

    async def batch(self, field_ids: Iterable[int]) -> tuple[AppField, ...]:
        """Those of any number of fields that there are, in the order of their ids; 100 a call."""

        async def fetch(ids: Sequence[int]) -> tuple[AppField, ...]:
            data = await self._perform(build_call(endpoints.GET_FIELDS, body=list(ids)))
            return shaped(endpoints.GET_FIELDS, _BATCH, data).items

        return await in_batches(field_ids, fetch, id_of=_id_of)


def _id_of(field: AppField) -> int:
    return field.id
