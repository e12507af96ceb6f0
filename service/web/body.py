"""Reading a request's body within limits of bytes and time; uvicorn itself has none."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from starlette.types import Receive, Scope

from service.errors import RelayError


class BodyTooLargeError(RelayError):
    """The body has more bytes than are accepted, announced or not."""


class BodyTooSlowError(RelayError):
    """The body did not come in time."""


class ClientGoneError(RelayError):
    """The sender hung up before its request was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What a request's body may take."""

    bytes: int = 2**20
    time: timedelta = timedelta(seconds=10)


async def read_body(scope: Scope, receive: Receive, limits: BodyLimits) -> bytes:
    """Read the whole body. Raises BodyTooLargeError (before reading, if it is announced), BodyTooSlowError
    or ClientGoneError.
    """
    if (announced := _announced_length(scope)) is not None and announced > limits.bytes:
        raise BodyTooLargeError(f"the body of {announced} bytes is larger than {limits.bytes}")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.time.total_seconds()):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError("the sender hung up while it was sending")
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > limits.bytes:
                    raise BodyTooLargeError(f"the body is larger than {limits.bytes} bytes")
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        seconds = limits.time.total_seconds()
        raise BodyTooSlowError(f"the body did not arrive within {seconds:g} s") from None


def _announced_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None
