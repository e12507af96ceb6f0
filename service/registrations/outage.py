"""After an outage of ours: what providers sent meanwhile is lost, and no webhook is to blame for it."""

from typing import Any

from psycopg import Connection

_LISTEN_ANEW = """
    INSERT INTO hearing (name, reached) VALUES ('deliveries', 0)
    ON CONFLICT (name) DO UPDATE SET since = clock_timestamp()"""


def listen_anew(connection: "Connection[tuple[Any, ...]]") -> None:
    """Note that the receiver is there from now on. May be done twice."""
    connection.execute(_LISTEN_ANEW)
