"""Apps as people name them: by id, or by exact name."""

from service.errors import NotFoundError
from service.pipeline.showing.reader import Connection
from service.registrations.repository import app_ids


async def known_app_ids(connection: Connection, reference: str | None) -> list[str] | None:
    """Turn a reference into app ids; None: no matter which. Raises NotFoundError for an unknown app."""
    if reference is None:
        return None
    known = list(await app_ids(connection, reference))
    if not known:
        raise NotFoundError(f"no app {reference} is known; `relay webhooks list` shows those that are")
    return known
