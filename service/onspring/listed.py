"""The records of an app, or those modified since a moment, as lists to walk through.

No page says in which order Onspring lists records. By their ids is likely, and lasts: no edit changes a
record's place. Where a page shows another order, `lasting` is False. No order can be reversed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from service.onspring.aligned import AlignedRows
from service.onspring.client import OnspringClient
from service.onspring.endpoints import LIST_RECORDS
from service.onspring.errors import UnreadableAnswerError, about_app
from service.onspring.filters import Filter
from service.onspring.ids import app_number
from service.onspring.models import Page, Record
from service.onspring.presenter import Presenter
from service.onspring.stamped import modified_after


class ListedRecords:
    """The records of an app, shown as the relay keeps them; what lies before `since` is left out."""

    counted = True
    label = LIST_RECORDS.label

    def __init__(
        self, client: OnspringClient, presenter: Presenter, app_id: str, *, since: datetime | None = None
    ) -> None:
        """Raises NoSuchAppError for what can be no app's id."""
        self.calls = 0
        """How many calls were made for records; now and then one more asks for the app's fields."""
        self.lasting = self.in_order = True
        """False once a page was not in the order of the records' ids."""
        self._client, self._presenter, self._since = client, presenter, since
        self._app = app_number(app_id, endpoint=self.label)
        self._filter: Filter | None = None
        self._rows = AlignedRows(self._page)

    async def page(self, offset: int, limit: int, *, backwards: bool) -> Sequence[dict[str, Any]]:
        """Read records from `offset` on, as many as one call gives; fewer than `limit` only at the end.

        `backwards` is not to be had: the list is read forwards again. Raises UnsortableError where a list
        `since` a moment is wanted of an app without that stamp; AppRefusedError where the app is not to be
        had; and what else the client raises.
        """
        del backwards
        if self._since is not None and self._filter is None:
            self._filter = await modified_after(self._client, self._presenter, self._app, self._since)
        records = await self._read(offset, limit)
        ids = [record.record_id for record in records]
        self.lasting = self.in_order = self.lasting and ids == sorted(ids)
        shown = await self._presenter.present(self._client, self._app, records)
        return [shown[one] for one in dict.fromkeys(ids)]

    async def count(self) -> int:
        """Give how many records there are, as the last page told; without one, ask."""
        if self._rows.total is None:
            await self._read(0, 1)
        if self._rows.total is None:
            raise UnreadableAnswerError("a page does not say how long the list is", endpoint=self.label)
        return self._rows.total

    def id_of(self, row: Mapping[str, Any]) -> str:
        return str(row["id"])

    async def _read(self, offset: int, fewest: int) -> list[Record]:
        before = self._rows.calls
        try:
            with about_app():
                return await self._rows.rows(offset, fewest)
        finally:
            self.calls += self._rows.calls - before

    async def _page(self, number: int, size: int) -> Page[Record]:
        records = self._client.records
        if self._filter is None:
            read = partial(records.page, self._app)
        else:
            read = partial(records.query, self._app, self._filter)
        return await read(number, size)
