"""Private addresses are refused in every spelling, and what was judged is what is connected to."""

import asyncio
import ipaddress
import socket
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.transport.errors import BlockedAddressError, ConnectFailedError
from service.transport.guard import GuardedBackend, is_public
from service.transport.http import Request, Timeout, make_client, send

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104  not bound to
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_inside_ipv6(address: ipaddress.IPv4Address) -> None:
    assert is_public(str(address)) == is_public(f"::ffff:{address}")


class FakeNetwork(httpcore2.AsyncMockBackend):
    """Notes which addresses are connected to; those in `dead` refuse."""

    def __init__(self, dead: frozenset[str] = frozenset()) -> None:
        super().__init__([])
        self.connected: list[str] = []
        self._dead = dead

    async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore2.AsyncNetworkStream:
        self.connected.append(host)
        if host in self._dead:
            raise httpcore2.ConnectError("refused")
        return await super().connect_tcp(host, *args, **kwargs)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str | Exception) -> None:
    async def getaddrinfo(*_: object, **__: object) -> list[tuple[Any, ...]]:
        for address in addresses:
            if isinstance(address, Exception):
                raise address
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


def guarded(network: FakeNetwork) -> GuardedBackend:
    backend = GuardedBackend()
    backend._inner = network  # type: ignore[assignment]  # stands in for the real network
    return backend


async def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    network = FakeNetwork()
    with pytest.raises(BlockedAddressError):
        await guarded(network).connect_tcp("mixed.test", 443)
    assert network.connected == []


async def test_the_judged_address_is_connected_to_and_the_next_one_after_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving_to(monkeypatch, "8.8.8.8", "8.8.8.8", "8.8.4.4")
    network = FakeNetwork(dead=frozenset({"8.8.8.8"}))
    await guarded(network).connect_tcp("twice.test", 443)
    assert network.connected == ["8.8.8.8", "8.8.4.4"]


async def test_when_all_addresses_refuse_the_last_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "8.8.8.8")
    with pytest.raises(httpcore2.ConnectError, match="refused"):
        await guarded(FakeNetwork(dead=frozenset({"8.8.8.8"}))).connect_tcp("dead.test", 443)


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_that_does_not_resolve_is_a_failed_connection(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    resolving_to(monkeypatch, failure)
    async with make_client(timeout=Timeout(5.0), allow_private=False) as client:
        with pytest.raises(ConnectFailedError, match=r"^https://nowhere\.test could not be reached"):
            await send(client, Request("GET", "https://nowhere.test/"), deadline=5.0, max_bytes=1000)


async def test_a_slow_resolver_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(httpcore2.ConnectTimeout):
        await GuardedBackend().connect_tcp("slow.test", 443, timeout=0.01)


async def test_local_sockets_are_refused() -> None:
    with pytest.raises(BlockedAddressError):
        await GuardedBackend().connect_unix_socket("/run/some.sock")
