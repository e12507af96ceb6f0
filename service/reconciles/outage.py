"""After an outage of ours everything is reconciled at once: what providers sent meanwhile is lost."""

from typing import Any

from psycopg import Connection

_ALL_DUE = "UPDATE reconciles SET next_at = now() WHERE next_at > now()"
_RING = "UPDATE ticks SET next_at = now() WHERE name = 'reconcile' AND next_at > now()"


def reconcile_at_once(connection: "Connection[tuple[Any, ...]]") -> None:
    """Let every app be due now. May be done twice."""
    connection.execute(_ALL_DUE)
    connection.execute(_RING)
