"""What follows when the receiver is there again after nobody was."""

from typing import Any

from psycopg import Connection

from service.reconciles.outage import reconcile_at_once
from service.registrations.outage import listen_anew


def end_outage(connection: "Connection[tuple[Any, ...]]") -> None:
    """Look for what came to nobody, and blame no webhook for it. May be done twice."""
    listen_anew(connection)
    reconcile_at_once(connection)
