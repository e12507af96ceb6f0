"""What was modified lately in an app, asked for by a filter: page by page, in no order."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Never

from service.errors import UnsortableError
from service.onspring.aligned import AlignedRows
from service.onspring.client import OnspringClient
from service.onspring.endpoints import LIST_RECORDS, QUERY_RECORDS
from service.onspring.errors import BadRequestError, UnreadableAnswerError, about_app
from service.onspring.filters import field
from service.onspring.ids import app_number
from service.onspring.paging import MOST_PER_PAGE
from service.onspring.presenter import Presenter
from service.onspring.stamped import modified_field

FEWEST = 200
"""A page with fewer records is the list's last."""
_FIELD_LASTS = 3600.0
"""Seconds for which it is remembered which field holds the stamp: an idle app costs no call more."""


class ModifiedRecords:
    """The records of one account's apps that were modified after a moment."""

    is_sorted = False

    def __init__(
        self,
        client: OnspringClient,
        presenter: Presenter,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._presenter, self._clock = client, presenter, clock
        self._stamp_fields: dict[int, tuple[float, int]] = {}
        self._largest: dict[int, int] = {}

    async def page(
        self, app_id: str, *, offset: int, after: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Read records with a stamp later than `after` (ISO 8601, without a zone: UTC), from `offset` on.

        At least 200, unless the list ends. Raises UnsortableError where the app has no such stamp or none is
        given; AppRefusedError where it is not to be had; and what else OnspringClient raises.
        """
        if after is None:
            raise UnsortableError("Onspring: what was modified lately can't be asked for without a moment")
        app = app_number(app_id, endpoint=QUERY_RECORDS.label)
        moment = datetime.fromisoformat(after)
        later = field(await self._stamp_field(app)).gt(
            moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        )
        rows = AlignedRows(
            partial(self._client.records.query, app, later),
            largest=self._largest.get(app, MOST_PER_PAGE),
        )
        try:
            with about_app():
                records = await rows.rows(offset, FEWEST)
        except BadRequestError:
            self._stamp_fields.pop(app, None)  # it may be another field by now
            raise
        finally:
            self._largest[app] = rows.largest
        if not records:
            return []
        return list((await self._presenter.present(self._client, app, records)).values())

    async def page_with_deleted(self, app_id: str) -> Never:
        """Raise UnsortableError: Onspring shows no deleted records."""
        raise UnsortableError(f"Onspring does not list deleted records, of app {app_id} neither")

    async def count(self, app_id: str) -> int:
        """Ask how many records the app has."""
        app = app_number(app_id, endpoint=LIST_RECORDS.label)
        with about_app():
            page = await self._client.records.page(app, 1, 1)
        if page.total_records is None:
            raise UnreadableAnswerError(
                "it does not say how many records there are", endpoint=LIST_RECORDS.label
            )
        return page.total_records

    async def _stamp_field(self, app_id: int) -> int:
        known = self._stamp_fields.get(app_id)
        if known is not None and self._clock() - known[0] < _FIELD_LASTS:
            return known[1]
        found = await modified_field(self._client, self._presenter, app_id)
        self._stamp_fields[app_id] = (self._clock(), found)
        return found
