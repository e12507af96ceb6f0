"""Captures and their requests as people see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_CAPTURES = """
    SELECT key, created_at, expires_at, "left", expires_at > now() AND "left" > 0 AS is_open, (
        SELECT count(*) FROM captured_requests WHERE captured_requests.key = captures.key) AS requests
    FROM captures"""
_LIST = text(f"{_CAPTURES} ORDER BY created_at DESC, key LIMIT :limit")
_ONE = text(f"{_CAPTURES} WHERE key = :key")
_REQUESTS = text("""
    SELECT id, received_at, method, query, headers, body, length, reading
    FROM captured_requests WHERE key = :key AND id > :after ORDER BY id""")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureView:
    """One capture."""

    key: str
    created_at: datetime
    expires_at: datetime
    is_open: bool
    """Whether it takes requests."""
    left: int
    """How many more it takes until then."""
    requests: int
    """How many it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedView:
    """One captured request."""

    id: int
    received_at: datetime
    method: str
    query: str
    headers: Sequence[Mapping[str, str | None]]
    """`{name, value, shape}` each: the value, or what a hidden one looks like."""
    body: str
    """Without what may be secret; clipped. Bytes that are no UTF-8 are shown as `\\xff`."""
    length: int
    """How many bytes the body had."""
    reading: Mapping[str, Any]
    """As `service.captures.reading.Reading`."""


async def list_captures(connection: AsyncConnection, *, limit: int = 50) -> list[CaptureView]:
    """The captures, the newest first."""
    rows = await connection.execute(_LIST, {"limit": limit})
    return [CaptureView(**row) for row in rows.mappings()]


async def show_capture(connection: AsyncConnection, key: str) -> CaptureView | None:
    """One capture; None: there is none with this key, or not any more."""
    row = (await connection.execute(_ONE, {"key": key})).mappings().one_or_none()
    return None if row is None else CaptureView(**row)


async def list_captured(connection: AsyncConnection, key: str, *, after: int = 0) -> list[CapturedView]:
    """The requests of a capture behind the one with the id `after`, in their order."""
    rows = (await connection.execute(_REQUESTS, {"key": key, "after": after})).mappings()
    return [CapturedView(**{**row, "body": row["body"].decode("utf-8", "backslashreplace")}) for row in rows]
