"""The INSERT of the hot path: many deliveries in one statement and one commit, on the driver itself."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

DriverConnection = psycopg.AsyncConnection[tuple[Any, ...]]


class NewDelivery(NamedTuple):
    """A delivery to store. `body` stands on the first of its request (`position` 0), None on the others."""

    registration_id: UUID
    account: str
    app_id: str
    kind: str | None
    record_id: str
    request_id: UUID
    position: int
    body: bytes | None


# Binary arrays cost a quarter of what text arrays cost here; the casts fix the types for any content.
_INSERT = """INSERT INTO deliveries
    (registration_id, account, app_id, kind, record_id, request_id, position, body)
SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::int2[],
    %b::bytea[])"""


async def open_connection(database_url: str, *, statement_timeout: timedelta) -> DriverConnection:
    """Connect for inserting: every statement is its own transaction, durable when it returns.

    Raises psycopg.OperationalError when the server can't be reached within 3 s.
    """
    milliseconds = int(statement_timeout.total_seconds() * 1000)
    return await psycopg.AsyncConnection.connect(
        database_url,
        autocommit=True,
        connect_timeout=3,
        tcp_user_timeout=milliseconds,
        application_name="relay-inbox",
        options=f"-c synchronous_commit=on -c timezone=UTC -c statement_timeout={milliseconds}",
    )


async def insert(connection: DriverConnection, deliveries: Sequence[NewDelivery]) -> None:
    """Insert at least one delivery and commit. After a psycopg.Error they may be stored, all or none."""
    columns = [list(column) for column in zip(*deliveries, strict=True)]
    await connection.execute(_INSERT, columns, prepare=True)
