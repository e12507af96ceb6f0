"""Fusioo's API, awaited. What is sent and what answers mean is decided in fusioo/protocol.py."""

from types import TracebackType
from typing import Self

from pydantic import SecretStr

from service.fusioo import endpoints
from service.fusioo.auth import Auth, StaticToken
from service.fusioo.calling import Caller
from service.fusioo.oauth import Application
from service.fusioo.protocol import BASE_URL, build_call, check_base_url
from service.fusioo.refreshing import OAuthToken
from service.fusioo.resources.apps import Apps
from service.fusioo.resources.comments import Comments
from service.fusioo.resources.discussions import Discussions
from service.fusioo.resources.files import Files
from service.fusioo.resources.records import Records
from service.fusioo.resources.users import Users
from service.fusioo.resources.webhooks import Webhooks
from service.fusioo.tokens import MemoryTokens, TokenStore
from service.transport.http import Client, Timeout, Transport, make_client
from service.transport.limits import Limits, check_time_limit
from service.transport.metering import Meter, Unmetered
from service.transport.noting import Noting, unnoted
from service.transport.retrying import Retries

_MOST_BYTES = 64 * 1024 * 1024
_CONNECT_WITHIN = 10.0
_RETRIES = Retries()


class FusiooClient:
    """One account of Fusioo.

        async with FusiooClient.open(token="…", timeout=30.0) as client:
            for app in await client.apps.list():
                print(app.name, await client.records.count(app.id))

    `open` makes everything that is needed. Else `http` is made by transport.http.make_client and may be
    shared; `async with` closes it at the end, without `async with` its owner does.

    `timeout` limits each call altogether, in seconds, repetitions included (whole files, and fetching a token
    first, have limits of their own). `meter` counts the calls, each attempt of them (`ping` is free).
    `retries`: what failed in passing is repeated within the call where that is safe (fusioo/repeating.py);
    who repeats by themselves, give NO_RETRIES. `noting` surrounds each create and update of a record
    (transport/noting.py). Every call raises FusiooError (fusioo/errors), or
    BudgetExhaustedError before anything is sent. Raises ConfigurationError for a base URL of version 1 or 2,
    ValueError for no timeout.
    """

    def __init__(
        self,
        *,
        auth: Auth,
        http: Client,
        timeout: float,
        base_url: str = BASE_URL,
        meter: Meter | None = None,
        max_bytes: int = _MOST_BYTES,
        retries: Retries = _RETRIES,
        noting: Noting = unnoted,
    ) -> None:
        self._base_url, self._auth, self._http = check_base_url(base_url), auth, http
        caller = Caller(
            self._base_url,
            auth=auth,
            http=http,
            meter=meter or Unmetered(),
            limits=Limits(check_time_limit(timeout), max_bytes, retries),
        )
        self._perform = caller.perform
        self.apps = Apps(caller.perform)
        self.records = Records(caller.perform, noting)
        self.discussions = Discussions(caller.perform)
        self.comments = Comments(caller.perform)
        self.users = Users(caller.perform)
        self.files = Files(caller.perform, caller.stream)
        self.webhooks = Webhooks(caller.perform)

    @classmethod
    def open(
        cls,
        *,
        timeout: float,
        token: SecretStr | str | None = None,
        auth: Auth | Application | None = None,
        tokens: TokenStore | None = None,
        base_url: str = BASE_URL,
        meter: Meter | None = None,
        retries: Retries = _RETRIES,
        transport: Transport | None = None,
    ) -> Self:
        """Make a client with connections of its own; use it with `async with`, or end it with `aclose`.

        `token` is a private application's, made in Fusioo's interface. `auth` is any other way to log in: an
        OAuth application, which gets its tokens itself and keeps them in `tokens` (default: in memory), or
        what fusioo/auth.py describes. `transport` replaces the network. Raises ConfigurationError for what is
        no token or no base URL of version 3, ValueError for no timeout, or where it is not either a token or
        an `auth`.
        """
        if (token is None) == (auth is None):
            raise ValueError("give either a token or an auth")
        seconds = check_time_limit(timeout)
        base_url = check_base_url(base_url)
        credentials = auth or StaticToken(token or "")
        http = make_client(
            timeout=Timeout(seconds, connect=min(seconds, _CONNECT_WITHIN)),
            allow_private=True,  # the base URL is the caller's own word
            transport=transport,
        )
        if isinstance(credentials, Application):
            store = tokens or MemoryTokens(credentials)
            credentials = OAuthToken(credentials, store, http=http, timeout=seconds, patience=seconds)
        return cls(
            auth=credentials, http=http, timeout=seconds, base_url=base_url, meter=meter, retries=retries
        )

    async def ping(self) -> None:
        """Check that the token is accepted. Free of charge."""
        await self._perform(build_call(endpoints.PING))

    async def aclose(self) -> None:
        """Close the connections, also for others who share `http`; after a call for a token under way."""
        if isinstance(self._auth, OAuthToken):
            await self._auth.aclose()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"FusiooClient({self._base_url!r})"
