"""Registrations over the API: `relay webhooks list`."""

from service.lifecycle import RegistrationStatus
from service.pipeline.showing.apps import known_app_ids
from service.registrations.listing import RegistrationView, list_registrations
from service.web.api.operations import Desk, Operation
from service.web.api.pages import Listing, Page, PlaceCursor, page_of
from service.web.api.parameters import Text


class RegistrationsQuery(Listing):
    """Which registrations."""

    account: Text | None = None
    """Only of this account."""
    app: Text | None = None
    """Only of this app: its id or exact name."""
    status: RegistrationStatus | None = None
    """Only with this status."""
    cursor: PlaceCursor | None = None
    """The `next` of the page before."""


async def _list(desk: Desk, query: RegistrationsQuery) -> Page:
    found = await list_registrations(
        desk.connection,
        account=query.account,
        app_ids=await known_app_ids(desk.connection, query.app),
        status=query.status,
        after=query.cursor,
        limit=query.limit + 1,
    )
    return page_of(found, query, lambda last: (last.account, last.app_id, last.kind or "", last.id))


REGISTRATIONS = (
    Operation(
        name="listRegistrations",
        path="/registrations",
        summary="Our webhooks at the providers, by account, app and kind.",
        query=RegistrationsQuery,
        view=RegistrationView,
        is_listing=True,
        look=_list,
    ),
)
