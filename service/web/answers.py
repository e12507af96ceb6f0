"""JSON answers, written straight to ASGI: the receiver answers thousands a second."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Send

Headers = Sequence[tuple[bytes, bytes]]

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)  # json.dumps would make one for each answer


async def send_json(send: Send, status: int, content: Mapping[str, Any], headers: Headers = ()) -> None:
    """Send a whole response; `headers` are lower-case names and values to add."""
    body = _ENCODER.encode(content).encode()
    start = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
