"""An Onspring account as one process uses it: its connections, its budget, its clients."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.budget.lanes import Lane
from service.budget.ledger import Ledger
from service.handlers.clients import GuardedMeter, GuardedNoting
from service.handlers.database import HandlerDatabase
from service.onspring.client import OnspringClient
from service.onspring.keys import ApiKey
from service.onspring.repeating import surely_wrote_nothing
from service.pipeline.accounts.clients import http_within, key_of
from service.pipeline.accounts.limits import limit_of
from service.pipeline.accounts.noting import OwnWrites, Writer
from service.rules.account import Account
from service.transport.http import Transport
from service.transport.metering import Meter
from service.transport.noting import Noting, unnoted
from service.transport.retrying import NO_RETRIES


class OnspringAccount:
    """One account at Onspring: its connections are shared by all its clients, each client says who pays."""

    def __init__(
        self,
        name: str,
        account: Account,
        engine: AsyncEngine,
        *,
        timeout: timedelta,
        holder: UUID,
        transport: Transport | None = None,
    ) -> None:
        """`timeout` limits each call; `holder` is the process that makes them.

        Raises ConfigurationError for what is no key.
        """
        self.name, self.provider = name, account.provider
        self.ledger = Ledger(engine, name, limit_of(account), longest=timeout, holder=holder)
        self._own_writes = OwnWrites(engine, name, surely_wrote_nothing=surely_wrote_nothing)
        self._base_url, self._timeout = account.base_url, timeout
        self._key: ApiKey = key_of(name, account)
        self._http = http_within(timeout, transport=transport)

    def client(self, meter: Meter, *, noting: Noting = unnoted) -> OnspringClient:
        """Give a client whose calls `meter` counts, and whose writes `noting` surrounds.

        It shares the account's connections: don't close it.
        It repeats nothing by itself: what failed is settled or run again by who asked for it.
        """
        return OnspringClient(
            key=self._key,
            http=self._http,
            base_url=self._base_url,
            timeout=self._timeout.total_seconds(),
            meter=meter,
            retries=NO_RETRIES,
            noting=noting,
        )

    def client_for_handler(self, database: HandlerDatabase, writer: Writer) -> OnspringClient:
        """Give the client of one attempt of `writer`.

        Its calls are paid by the handlers' lane and refused while its `db` is open; its writes are noted.
        """
        meter = GuardedMeter(self.ledger.meter(Lane.HANDLERS), database)
        return self.client(meter, noting=GuardedNoting(self._own_writes.by(writer), database))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
