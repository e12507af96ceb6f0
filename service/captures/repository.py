"""Every statement that writes captures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

_BEGIN = text("""
    INSERT INTO captures (key, expires_at, "left")
    VALUES (:key, now() + CAST(:lasts AS interval), :requests)""")
_END = text("UPDATE captures SET expires_at = least(expires_at, now()) WHERE key = :key RETURNING key")
_OPEN = text("""SELECT key FROM captures WHERE expires_at > now() AND "left" > 0""")

# The row's lock lets requests of one capture in one after the other: their ids grow as they are committed.
_TAKE = text("""
    UPDATE captures SET "left" = "left" - 1 WHERE key = :key AND "left" > 0 AND expires_at > now()
    RETURNING key""")
_STORE = text("""
    WITH stored AS (
        INSERT INTO captured_requests (key, method, query, headers, body, length, reading)
        VALUES (:key, :method, :query, :headers, :body, :length, :reading))
    SELECT count(*) + 1 FROM captured_requests WHERE key = :key""").bindparams(
    bindparam("headers", type_=JSONB), bindparam("reading", type_=JSONB)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request to keep. Nothing in it is secret any more."""

    method: str
    query: str
    headers: Sequence[Mapping[str, str | None]]
    """`{name, value, shape}` each."""
    body: bytes
    length: int
    """How long the body was, in bytes."""
    reading: Mapping[str, Any]


async def begin_capture(connection: AsyncConnection, key: str, *, lasts: timedelta, requests: int) -> None:
    """Let requests in under a key: so many, for so long."""
    await connection.execute(_BEGIN, {"key": key, "lasts": lasts, "requests": requests})


async def end_capture(connection: AsyncConnection, key: str) -> None:
    """Let no further request in; those that are being stored are waited for."""
    await connection.execute(_END, {"key": key})


async def open_keys(connection: AsyncConnection) -> frozenset[str]:
    """The keys that let requests in."""
    return frozenset((await connection.execute(_OPEN)).scalars())


async def store_request(connection: AsyncConnection, key: str, request: NewRequest) -> int | None:
    """Keep a request under a key; how many are kept then. None: the key lets none in."""
    if (await connection.execute(_TAKE, {"key": key})).one_or_none() is None:
        return None
    values = {
        "key": key,
        "method": request.method,
        "query": request.query,
        "headers": list(request.headers),
        "body": request.body,
        "length": request.length,
        "reading": dict(request.reading),
    }
    return int((await connection.execute(_STORE, values)).scalar_one())
