"""One way out: HTTP with limits on time and size, no redirects, no proxies from the environment, no cookies.

Everything that is sent to somebody else goes through `send`, so the limits hold everywhere.
"""

import asyncio
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from service.transport.errors import ResponseTooLargeError
from service.transport.failures import origin_of, transport_errors
from service.transport.guard import GuardedBackend
from service.transport.messages import Request, Response

__all__ = ["USER_AGENT", "Client", "Request", "Response", "Timeout", "Transport", "make_client", "send"]

Client = httpx2.AsyncClient
Timeout = httpx2.Timeout
Transport = httpx2.AsyncBaseTransport

USER_AGENT = "fusioo-relay"
_LONGEST_LENGTH = 20  # digits; a longer announcement is left to the count of what really comes


def make_client(
    *,
    timeout: Timeout,
    allow_private: bool,
    transport: Transport | None = None,
    user_agent: str = USER_AGENT,
    max_connections: int = 20,
) -> Client:
    """Make the client that `send` needs; the caller closes it.

    `timeout` limits each operation (connect, read, write, waiting for a free connection), in seconds, and
    every one must be set: ValueError else. Unless `allow_private`, hosts that lead to private addresses are
    refused. An injected `transport` replaces the network, and with it the address guard.
    """
    if None in timeout.as_dict().values():
        raise ValueError("every timeout must be set: connect, read, write and pool")
    limits = httpx2.Limits(
        max_connections=max_connections, max_keepalive_connections=max_connections, keepalive_expiry=15.0
    )
    return httpx2.AsyncClient(
        timeout=timeout,
        transport=transport or _network(limits, allow_private=allow_private),
        follow_redirects=False,
        trust_env=False,
        # Accounts share nothing: a cookie of one answer must not travel with the next request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        # Identity: a small compressed answer could unpack to any size.
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
    )


def _network(limits: httpx2.Limits, *, allow_private: bool) -> httpx2.AsyncHTTPTransport:
    transport = httpx2.AsyncHTTPTransport(trust_env=False, limits=limits)
    if not allow_private:
        # httpx2 has no public way to say this; tests of the guard fail if the attribute moves.
        transport._pool._network_backend = GuardedBackend()  # noqa: SLF001
    return transport


async def send(
    client: Client, request: Request, *, deadline: float, max_bytes: int, cut: bool = False
) -> Response:
    """Send one request and read the whole answer, whatever its status.

    `deadline` limits everything together, in seconds; `max_bytes` the body. A longer body is an error,
    or with `cut` ends there: for who needs the status and only a look at the body.
    Raises a TransportError (transport/errors.py) where no usable answer came.
    """
    origin = origin_of(request.url)
    with transport_errors(origin, within=deadline):
        async with asyncio.timeout(deadline):
            return await _exchange(client, request, max_bytes=max_bytes, cut=cut, origin=origin)


async def _exchange(client: Client, request: Request, *, max_bytes: int, cut: bool, origin: str) -> Response:
    answer = await begin(client, request)
    try:
        body = await (_read_start(answer, max_bytes) if cut else _read(answer, max_bytes, origin))
    finally:
        await answer.aclose()
    return Response(answer.status_code, headers_of(answer), body)


async def begin(client: Client, request: Request) -> httpx2.Response:
    """Send a request and read the head of its answer; the caller closes it. Raises what httpx2 raises."""
    outgoing = client.build_request(
        request.method, request.url, headers=dict(request.headers), content=request.body
    )
    return await client.send(outgoing, stream=True)


def headers_of(answer: httpx2.Response) -> dict[str, str]:
    """Give an answer's headers by lower-case name."""
    return {name.lower(): value for name, value in answer.headers.items()}


def raw_parts(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Give the body piece by piece, as it came over the wire."""
    # A transport may hand over an answer that it has read already; such a body comes only decoded.
    return answer.aiter_bytes() if answer.is_stream_consumed else answer.aiter_raw()


async def _read_start(answer: httpx2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for part in raw_parts(answer):
        body += part
        if len(body) >= max_bytes:
            break
    return bytes(body[:max_bytes])


async def _read(answer: httpx2.Response, max_bytes: int, origin: str) -> bytes:
    announced = answer.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < _LONGEST_LENGTH and int(announced) > max_bytes:
        raise ResponseTooLargeError(f"{origin} answered with {announced} bytes; at most {max_bytes} are read")
    body = bytearray()
    async for part in raw_parts(answer):
        body += part
        if len(body) > max_bytes:
            raise ResponseTooLargeError(
                f"{origin} answered with more than the {max_bytes} bytes that are read"
            )
    return bytes(body)
