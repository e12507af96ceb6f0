"""Which addresses may be called: a network backend that refuses private ones.

It judges every address that a name resolves to and then connects to the judged address itself, so a second
look-up (DNS rebinding) can't slip in between. TLS still checks the certificate against the name.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable

import httpcore2

from service.transport.errors import BlockedAddressError

_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",  # NAT64: wraps any IPv4 address
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4, likewise
        "2001::/32",  # Teredo, likewise
        "fec0::/10",
        "ff00::/8",
    )
)
_MOST_ADDRESSES_TRIED = 4

SocketOptions = Iterable[
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
]


def is_public(address: str) -> bool:
    """Whether an IP address (text, perhaps with an IPv6 zone) belongs to the public internet.

    Raises ValueError for anything that is not an IP address.
    """
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if not parsed.is_global or parsed.is_multicast:
        return False
    return not any(parsed in network for network in _NOT_PUBLIC if network.version == parsed.version)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Connects only to hosts all of whose addresses are allowed.

    `allows` gets an IP address as text. Raises BlockedAddressError, or httpcore2's own connection errors.
    """

    def __init__(self, allows: Callable[[str], bool] = is_public) -> None:
        self._allows = allows
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore2's
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await _resolve(host, port, timeout)
        if not all(self._allows(address) for address in addresses):
            raise BlockedAddressError(
                f"{host} leads to a private or reserved address, which is refused; "
                "if it is meant, allow private addresses for this target (allow_private: true)"
            )
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses[:_MOST_ADDRESSES_TRIED]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the signature is httpcore2's
        socket_options: SocketOptions | None = None,  # noqa: ARG002  likewise
    ) -> httpcore2.AsyncNetworkStream:
        raise BlockedAddressError(f"{path} is a local socket, which is refused")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int, seconds: float | None) -> list[str]:
    """All addresses of a host, each once, in the resolver's order."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout("the host's name was not resolved in time") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA can't encode
        raise httpcore2.ConnectError("the host's name could not be resolved") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
