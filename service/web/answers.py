"""JSON answers, written straight to ASGI: the receiver answers thousands a second."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Send

Headers = Sequence[tuple[bytes, bytes]]

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)  # json.dumps would make one for each answer


async def send_json(
    send: Send,
    status: int,
    content: Mapping[str, Any],
    headers: Headers = (),
    *,
    media_type: bytes = b"application/json",
) -> None:
    """Send a whole response; `headers` are lower-case names and values to add."""
    await send_encoded(send, status, _ENCODER.encode(content).encode(), headers, media_type=media_type)


async def send_encoded(
    send: Send,
    status: int,
    body: bytes,
    headers: Headers = (),
    *,
    media_type: bytes = b"application/json",
) -> None:
    """Send a whole response whose body is written already."""
    start = [(b"content-type", media_type), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
