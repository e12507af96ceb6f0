"""The records of an account's apps as lists that a walk reads: all, or what changed since a moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from service.errors import UnsortableError
from service.fusioo.client import FusiooClient
from service.fusioo.moments import read_stamp
from service.fusioo.resources.listed import LAST_MODIFIED
from service.onspring.client import OnspringClient
from service.onspring.listed import ListedRecords
from service.onspring.presenter import Presenter
from service.pipeline.accounts.walked import RecordList

_EVER = datetime.min.replace(tzinfo=UTC)


class RecordLists(Protocol):
    """What a backfill reads."""

    @property
    def filters(self) -> bool:
        """Whether a list `since` a moment holds nothing older; if not, it is sorted, the newest first."""
        ...

    def listed(self, app_id: str, *, since: datetime | None = None) -> RecordList:
        """Give the records of an app; `since`: by when they were modified."""
        ...

    async def moment_before(self, app_id: str, span: timedelta) -> datetime:
        """Say which moment, by the provider's stamps, lies so long before the newest edit."""
        ...


class FusiooLists:
    """Fusioo sorts, and the zone of its stamps is not known: moments are counted from the newest edit."""

    filters = False

    def __init__(self, client: FusiooClient) -> None:
        self._client = client

    def listed(self, app_id: str, *, since: datetime | None = None) -> RecordList:
        """Give all records by `created`, or the last modified first."""
        return self._client.records.listed(app_id, newest=since is not None)

    async def moment_before(self, app_id: str, span: timedelta) -> datetime:
        """Ask for the newest edit. Raises UnsortableError where records have no stamp."""
        rows = await self._client.records.listed(app_id, newest=True).page(0, 1, backwards=False)
        if not rows:
            return _EVER
        newest = read_stamp(rows[0].get(LAST_MODIFIED))
        if newest is None:
            raise UnsortableError(
                f"the records have no {LAST_MODIFIED}: leave out --since to read all of them"
            )
        return _before(newest, span)


class OnspringLists:
    """Onspring filters, and its stamps are in UTC (vendor's page, "Dates and Times")."""

    filters = True

    def __init__(
        self,
        client: OnspringClient,
        presenter: Presenter,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._presenter, self._now = client, presenter, now

    def listed(self, app_id: str, *, since: datetime | None = None) -> RecordList:
        """Give all records, or those that were modified after a moment. Raises NoSuchAppError."""
        return ListedRecords(self._client, self._presenter, app_id, since=since)

    async def moment_before(self, app_id: str, span: timedelta) -> datetime:
        """Count from now: which edit is the newest can't be asked."""
        del app_id
        return _before(self._now(), span)


def _before(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment - span
    except OverflowError:
        return _EVER
