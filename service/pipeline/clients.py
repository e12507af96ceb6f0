"""Clients of the accounts in the configuration."""

from datetime import timedelta

from service.errors import ConfigurationError
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.rules.account import Account
from service.transport.http import Client, Timeout, Transport, make_client
from service.transport.metering import Meter

_CONNECT_WITHIN = 10.0


def open_client(
    name: str, account: Account, *, timeout: timedelta, meter: Meter, transport: Transport | None = None
) -> FusiooClient:
    """Make the client of a Fusioo account; use it with `async with`, or close it.

    `timeout` limits each call altogether; `transport` replaces the network. The base URL is the user's own
    word, so private addresses are allowed. Raises ConfigurationError for what this version can't reach.
    """
    seconds = timeout.total_seconds()
    return FusiooClient(
        auth=auth_of(name, account),
        http=http_within(timeout, transport=transport),
        timeout=seconds,
        base_url=account.base_url,
        meter=meter,
    )


def auth_of(name: str, account: Account) -> StaticToken:
    """Give what an account logs in with. Raises ConfigurationError for what this version can't reach."""
    if account.provider != "fusioo":
        raise ConfigurationError(f"account {name}: {account.provider} comes in a later version")
    if account.token is None:
        raise ConfigurationError(
            f"account {name}: oauth comes in a later version", remedy="use a private application's token"
        )
    return StaticToken(account.token)


def http_within(timeout: timedelta, *, transport: Transport | None = None) -> Client:
    """Make the connections to a provider; whoever asked for them closes them."""
    seconds = timeout.total_seconds()
    return make_client(
        timeout=Timeout(seconds, connect=min(seconds, _CONNECT_WITHIN)),
        allow_private=True,
        transport=transport,
    )
