"""Alarms over the API."""

from service.alarms.listing import AlarmView, list_alarms
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Listing, NumberedTimeCursor, Page, page_of


class AlarmsQuery(Listing):
    """Which alarms."""

    all: bool = False
    """Also those that are over."""
    cursor: NumberedTimeCursor | None = None
    """The `next` of the page before."""


async def _list(desk: Desk, query: AlarmsQuery) -> Page:
    found = await list_alarms(desk.connection, over_too=query.all, before=query.cursor, limit=query.limit + 1)
    return page_of(found, query, lambda last: (last.raised_at, last.id))


ALARMS = (
    Operation(
        name="listAlarms",
        path="/alarms",
        summary="What a person must know of, the newest first, and who was told.",
        query=AlarmsQuery,
        view=AlarmView,
        is_listing=True,
        look=_list,
    ),
)
