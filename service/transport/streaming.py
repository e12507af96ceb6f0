"""An answer whose body is not held in memory: its head first, then piece by piece."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import httpx2

from service.transport.errors import ConnectionLostError
from service.transport.failures import origin_of, transport_errors
from service.transport.http import Client, begin, headers_of, raw_parts
from service.transport.messages import Request

_LONGEST_LENGTH = 18  # digits; nobody has a longer file


@dataclass(frozen=True, slots=True)
class Arriving:
    """An answer on its way. `parts` can be read once, and only until `receive` ends."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name."""
    parts: AsyncIterator[bytes] = field(repr=False)

    @property
    def size(self) -> int | None:
        """How many bytes are announced; None: it is not said."""
        announced = self.headers.get("content-length", "").strip()
        usable = announced.isascii() and announced.isdigit() and len(announced) <= _LONGEST_LENGTH
        return int(announced) if usable and "transfer-encoding" not in self.headers else None


@asynccontextmanager
async def receive(
    client: Client, request: Request, *, deadline: float, head_within: float, longest_wait: float
) -> AsyncIterator[Arriving]:
    """Send a request, and give its answer as soon as the head is there.

    `deadline` limits everything together, what the caller does between two parts included; `head_within` the
    wait for the head, `longest_wait` that for each part; all in seconds. Reading the parts, too, raises a
    TransportError (transport/errors.py): a body that ends before its announced size is a ConnectionLostError.
    """
    origin = origin_of(request.url)
    limits = _Limits(origin, longest_wait, asyncio.get_running_loop().time() + deadline)
    answer = await _begin(client, request, origin, within=max(min(deadline, head_within), 0.0))
    try:
        head = Arriving(answer.status_code, headers_of(answer), raw_parts(answer))
        async with aclosing(_parts(head, limits)) as parts:
            yield Arriving(head.status, head.headers, parts)
    finally:
        await answer.aclose()


@dataclass(frozen=True, slots=True)
class _Limits:
    origin: str
    longest_wait: float
    ends: float
    """By the loop's clock."""

    def wait(self) -> float:
        """How long may be waited for a part now, in seconds."""
        return max(min(self.longest_wait, self.ends - asyncio.get_running_loop().time()), 0.0)


async def _begin(client: Client, request: Request, origin: str, *, within: float) -> httpx2.Response:
    with transport_errors(origin, within=within):
        async with asyncio.timeout(within):
            return await begin(client, request)


async def _parts(head: Arriving, limits: _Limits) -> AsyncGenerator[bytes, None]:
    received = 0
    while (part := await _next(head, limits)) is not None:
        received += len(part)
        yield part
    if head.size is not None and received != head.size:
        raise ConnectionLostError(f"{limits.origin} sent {received} of {head.size} announced bytes")


async def _next(head: Arriving, limits: _Limits) -> bytes | None:
    wait = limits.wait()
    with transport_errors(limits.origin, within=wait):
        async with asyncio.timeout(wait):
            return await anext(head.parts, None)
