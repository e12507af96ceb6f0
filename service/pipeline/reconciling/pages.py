"""A page of an app's list, held against what we know of its records."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes.screening import Screened, Watched, screen_all
from service.changes.types import Fields
from service.inbox.noticing import open_records
from service.records.baseline import read_snapshots
from service.registrations.apps import view_app


@dataclass(frozen=True, slots=True)
class ScreenedPage:
    """The ids of a page, by what they are to us."""

    known: tuple[str, ...]
    different: tuple[str, ...]
    """To be noticed: they differ, are back, or were created or edited since we watch, and never seen."""
    strange: tuple[str, ...]
    """Never seen, and as they were before our watching."""
    awaited: tuple[str, ...]
    """Deliveries of them are open: whoever settles these sees them."""


async def screen_page(
    connection: AsyncConnection, account: str, app_id: str, page: Mapping[str, Fields]
) -> ScreenedPage:
    """Hold the records of a page, by id, against their snapshots. Locks nothing, stores nothing."""
    awaited = await open_records(connection, account, app_id, page.keys())
    listed = {one: fields for one, fields in page.items() if one not in awaited}
    snapshots = await read_snapshots(connection, account, app_id, listed)
    view = await view_app(connection, account, app_id)
    found = screen_all(snapshots, listed, Watched(view.schema, view.watched_since, view.floor))
    return ScreenedPage(
        known=tuple(found[Screened.KNOWN]),
        different=tuple(found[Screened.DIFFERENT]),
        strange=tuple(found[Screened.STRANGE]),
        awaited=tuple(awaited),
    )
