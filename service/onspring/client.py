"""Onspring's API, awaited. What is sent and what answers mean is decided in onspring/protocol.py."""

from types import TracebackType
from typing import Self

from pydantic import SecretStr

from service.onspring import endpoints
from service.onspring.calling import Caller
from service.onspring.keys import ApiKey
from service.onspring.protocol import build_call, check_base_url
from service.onspring.resources.apps import Apps
from service.onspring.resources.fields import Fields
from service.onspring.resources.files import Files
from service.onspring.resources.lists import Lists
from service.onspring.resources.records import Records
from service.onspring.resources.reports import Reports
from service.transport.http import Client, Timeout, Transport, make_client
from service.transport.limits import Limits, check_time_limit
from service.transport.metering import Meter, Unmetered
from service.transport.noting import Noting, unnoted
from service.transport.retrying import Retries

_MOST_BYTES = 64 * 1024 * 1024
_CONNECT_WITHIN = 10.0
_RETRIES = Retries()


class OnspringClient:
    """One instance of Onspring, with the rights of one API key.

        url = "https://api.onspring.com"
        async with OnspringClient.open(api_key="…", base_url=url, timeout=30.0) as client:
            async for app in client.apps.walk():
                print(app.name)

    `open` makes everything that is needed. Else `http` is made by transport.http.make_client and may be
    shared; `async with` closes it at the end, without `async with` its owner does.

    `timeout` limits each call altogether, in seconds, repetitions included (whole files have limits of their
    own); the API's gateway gives up after 90. `meter` counts the calls, each attempt of them. `retries`: what
    failed in passing is repeated within the call where that is safe (onspring/repeating.py); who repeats by
    themselves, give NO_RETRIES. `noting` surrounds each create and update of a record (transport/noting.py).
    Every call raises OnspringError (onspring/errors), or BudgetExhaustedError before anything is sent. Raises
    ConfigurationError for what is no key or no base URL, ValueError for no timeout.
    """

    def __init__(
        self,
        *,
        key: ApiKey,
        http: Client,
        base_url: str,
        timeout: float,
        meter: Meter | None = None,
        max_bytes: int = _MOST_BYTES,
        retries: Retries = _RETRIES,
        noting: Noting = unnoted,
    ) -> None:
        self._base_url, self._http = check_base_url(base_url), http
        caller = Caller(
            self._base_url,
            key=key,
            http=http,
            meter=meter or Unmetered(),
            limits=Limits(check_time_limit(timeout), max_bytes, retries),
        )
        self._perform = caller.perform
        self.apps = Apps(caller.perform)
        self.reports = Reports(caller.perform)
        self.fields = Fields(caller.perform)
        self.lists = Lists(caller.perform)
        self.records = Records(caller.perform, noting)
        self.files = Files(caller.perform, caller.stream)

    @classmethod
    def open(
        cls,
        *,
        api_key: SecretStr | str,
        base_url: str,
        timeout: float,
        meter: Meter | None = None,
        retries: Retries = _RETRIES,
        transport: Transport | None = None,
    ) -> Self:
        """Make a client with connections of its own; use it with `async with`, or end it with `aclose`.

        `transport` replaces the network. Raises ConfigurationError for what is no key or no base URL,
        ValueError for no timeout.
        """
        seconds, key, url = check_time_limit(timeout), ApiKey(api_key), check_base_url(base_url)
        http = make_client(
            timeout=Timeout(seconds, connect=min(seconds, _CONNECT_WITHIN)),
            allow_private=True,  # the base URL is the caller's own word
            transport=transport,
        )
        return cls(key=key, http=http, base_url=url, timeout=seconds, meter=meter, retries=retries)

    async def ping(self) -> None:
        """Check that the API can be reached. It needs no key, so it does not prove that ours is accepted."""
        await self._perform(build_call(endpoints.PING))

    async def aclose(self) -> None:
        """Close the connections, also for others who share `http`."""
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
        return f"OnspringClient({self._base_url!r})"
