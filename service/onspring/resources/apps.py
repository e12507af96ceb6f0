"""The apps and surveys of the instance."""

from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.models import App, Batch, Page
from service.onspring.paging import MOST_PER_PAGE, page_query
from service.onspring.protocol import build_call
from service.onspring.resources.listing import Perform, in_batches, walk

_ONE = TypeAdapter(App)
_PAGE = TypeAdapter(Page[App])
_BATCH = TypeAdapter(Batch[App])


class Apps:
    """`client.apps`. Every method raises OnspringError (onspring/errors)."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    async def page(self, page: int | None = None, page_size: int | None = None) -> Page[App]:
        """One page of the apps that the key may see: by default the first, of 50; at most 1000."""
        call = build_call(endpoints.LIST_APPS, query=page_query(page, page_size))
        return shaped(endpoints.LIST_APPS, _PAGE, await self._perform(call))

    def walk(self, *, page_size: int = MOST_PER_PAGE) -> AsyncIterator[App]:
        """All apps that the key may see."""
        return walk(self.page, id_of=_id_of, page_size=page_size)

    async def get(self, app_id: int) -> App:
        """One app. Raises NoSuchThingError, AccessDeniedError."""
        data = await self._perform(build_call(endpoints.GET_APP, ids={"app": app_id}))
        return shaped(endpoints.GET_APP, _ONE, data)

    async def batch(self, app_ids: Iterable[int]) -> tuple[App, ...]:
        """Those of any number of apps that there are, in the order of their ids; 100 a call."""

        async def fetch(ids: Sequence[int]) -> tuple[App, ...]:
            data = await self._perform(build_call(endpoints.GET_APPS, body=list(ids)))
            return shaped(endpoints.GET_APPS, _BATCH, data).items

        return await in_batches(app_ids, fetch, id_of=_id_of)


def _id_of(app: App) -> int:
    return app.id
