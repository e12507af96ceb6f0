"""Clients of the accounts in the configuration."""

from datetime import timedelta

from service.errors import ConfigurationError
from service.fusioo.auth import StaticToken
from service.fusioo.client import FusiooClient
from service.fusioo.oauth import Application, CredentialsIn
from service.fusioo.refreshing import OAuthToken
from service.fusioo.tokens import MemoryTokens
from service.onspring.client import OnspringClient
from service.onspring.keys import ApiKey
from service.pipeline.accounts.tokens import TokenVault
from service.rules.account import Account, OAuth
from service.transport.http import Client, Timeout, Transport, make_client
from service.transport.metering import Meter

_CONNECT_WITHIN = 10.0


def open_client(
    name: str,
    account: Account,
    *,
    timeout: timedelta,
    meter: Meter,
    vault: TokenVault | None = None,
    transport: Transport | None = None,
) -> FusiooClient:
    """Make the client of a Fusioo account; use it with `async with`, or close it.

    `timeout` limits each call altogether; `transport` replaces the network. It is for commands, which nobody
    repeats but a person, so it repeats what failed in passing. The base URL is the user's own word, so
    private addresses are allowed. Raises ConfigurationError for what this version can't reach.
    """
    http = http_within(timeout, transport=transport)
    return FusiooClient(
        auth=auth_of(name, account, http=http, timeout=timeout, vault=vault),
        http=http,
        timeout=timeout.total_seconds(),
        base_url=account.base_url,
        meter=meter,
    )


def open_onspring_client(
    name: str, account: Account, *, timeout: timedelta, meter: Meter, transport: Transport | None = None
) -> OnspringClient:
    """Make the client of an Onspring account, as `open_client` does of one at Fusioo."""
    return OnspringClient(
        key=key_of(name, account),
        http=http_within(timeout, transport=transport),
        base_url=account.base_url,
        timeout=timeout.total_seconds(),
        meter=meter,
    )


def auth_of(
    name: str, account: Account, *, http: Client, timeout: timedelta, vault: TokenVault | None
) -> StaticToken | OAuthToken:
    """Give what an account logs in with.

    Tokens that expire are fetched over `http`, each call within `timeout`, and kept in the vault; without
    one, in memory, for commands that have no database. Raises ConfigurationError for what this version can't
    reach, and for refresh tokens without a vault: the one that replaces them would be lost.
    """
    if account.provider != "fusioo":
        raise ConfigurationError(f"account {name} is not at Fusioo, but at {account.provider}")
    if account.token is not None:
        return StaticToken(account.token)
    if account.oauth is None:
        raise ConfigurationError(f"account {name} has neither `token` nor `oauth`")
    application = _application(account.oauth)
    if vault is None and application.refresh_token is not None:
        raise ConfigurationError(
            f"account {name}: there is no database to keep its refresh tokens in",
            remedy="set DATABASE_URL and RELAY_SECRET_KEY, or start `relay up`",
        )
    store = MemoryTokens(application) if vault is None else vault.of(name, application)
    seconds = timeout.total_seconds()
    return OAuthToken(application, store, http=http, timeout=seconds, patience=seconds, account=name)


def key_of(name: str, account: Account) -> ApiKey:
    """Give the API key of an Onspring account. Raises ConfigurationError for what is none."""
    if account.token is None:
        raise ConfigurationError(f"account {name} has no `token`")
    return ApiKey(account.token)


def _application(oauth: OAuth) -> Application:
    return Application(
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
        token_url=oauth.token_url,
        refresh_token=oauth.refresh_token,
        credentials_in=CredentialsIn(oauth.credentials_in),
    )


def http_within(timeout: timedelta, *, transport: Transport | None = None) -> Client:
    """Make the connections to a provider; whoever asked for them closes them."""
    seconds = timeout.total_seconds()
    return make_client(
        timeout=Timeout(seconds, connect=min(seconds, _CONNECT_WITHIN)),
        allow_private=True,
        transport=transport,
    )
