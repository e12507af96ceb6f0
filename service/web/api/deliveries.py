"""Deliveries over the API."""

from service.inbox.listing import DeliveryDetail, DeliveryView, list_deliveries, show_delivery
from service.lifecycle import DeliveryStatus
from service.pipeline.showing.apps import known_app_ids
from service.web.api.operations import Desk, Operation
from service.web.api.pages import IdCursor, Listing, Page, page_of
from service.web.api.parameters import Number, Query, Text


class DeliveriesQuery(Listing):
    """Which deliveries."""

    account: Text | None = None
    """Only of this account."""
    app: Text | None = None
    """Only of this app: its id or exact name."""
    record: Text | None = None
    """Only of the record with this id."""
    status: DeliveryStatus | None = None
    """Only with this status."""
    cursor: IdCursor | None = None
    """The `next` of the page before."""


class DeliveryQuery(Query):
    """Which delivery."""

    id: Number
    """A delivery's id."""


async def _list(desk: Desk, query: DeliveriesQuery) -> Page:
    found = await list_deliveries(
        desk.connection,
        account=query.account,
        app_ids=await known_app_ids(desk.connection, query.app),
        record_id=query.record,
        status=query.status,
        before=query.cursor[0] if query.cursor else None,
        limit=query.limit + 1,
    )
    return page_of(found, query, lambda last: (last.id,))


async def _show(desk: Desk, query: DeliveryQuery) -> DeliveryDetail:
    return await show_delivery(desk.connection, query.id)


DELIVERIES = (
    Operation(
        name="listDeliveries",
        path="/deliveries",
        summary="What providers sent us, the newest first.",
        query=DeliveriesQuery,
        view=DeliveryView,
        is_listing=True,
        look=_list,
    ),
    Operation(
        name="showDelivery",
        path="/deliveries/{id}",
        summary="One delivery with the request that brought it.",
        query=DeliveryQuery,
        view=DeliveryDetail,
        is_listing=False,
        look=_show,
    ),
)
