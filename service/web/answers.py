"""JSON answers, written straight to ASGI: the receiver answers thousands a second."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Send

Headers = Sequence[tuple[bytes, bytes]]


async def send_json(send: Send, status: int, content: Mapping[str, Any], headers: Headers = ()) -> None:
    """Send a whole response; `headers` are lower-case names and values to add."""
    body = json.dumps(content, separators=(",", ":"), default=str).encode()
    start = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
