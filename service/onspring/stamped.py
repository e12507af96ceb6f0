"""Which records were modified after a moment, as a filter: Onspring sorts no list, but it filters."""

from datetime import datetime

from service.errors import UnsortableError
from service.onspring.client import OnspringClient
from service.onspring.filters import Filter, field
from service.onspring.presenter import Presenter
from service.onspring.stamps import LAST_MODIFIED


async def modified_after(
    client: OnspringClient, presenter: Presenter, app_id: int, moment: datetime
) -> Filter:
    """Make the filter, for an app whose field of that stamp is found by the account's `stamps`.

    Stamps are in UTC (vendor's page, "Dates and Times"). Raises UnsortableError where the app has no such
    field; AppRefusedError where it is not to be had; and what else the client raises.
    """
    return field(await modified_field(client, presenter, app_id)).gt(moment)


async def modified_field(client: OnspringClient, presenter: Presenter, app_id: int) -> int:
    """Find the field that says when a record was modified last. Raises as `modified_after` does."""
    words = presenter.words(await presenter.fields(client, app_id))
    found = next((field_id for field_id, word in words.items() if word == LAST_MODIFIED), None)
    if found is None:
        reference = presenter.reference(LAST_MODIFIED)
        raise UnsortableError(
            f"Onspring: app {app_id} has no field {reference!r} that says when a record was modified;"
            " write under the account's `stamps` what it is called there"
        )
    return found
