"""The clients of accounts that handlers get, each for one attempt at one run."""

from dataclasses import dataclass
from typing import Protocol

from service.fusioo.client import FusiooClient
from service.handlers.database import HandlerDatabase
from service.onspring.client import OnspringClient
from service.pipeline.accounts.noting import Writer


class OpenClients(Protocol):
    """Gives the client of an account for one attempt.

    Raises NotFoundError for an account that is not configured, or is one of another provider.
    """

    def fusioo(self, account: str, database: HandlerDatabase, writer: Writer, /) -> FusiooClient:
        """Give the client of an account at Fusioo."""
        ...

    def onspring(self, account: str, database: HandlerDatabase, writer: Writer, /) -> OnspringClient:
        """Give the client of an account at Onspring."""
        ...


@dataclass(frozen=True, slots=True)
class ClientsOfRun:
    """The clients of one run, whose writes are noted as its own (see handlers.context.Clients)."""

    clients: OpenClients
    writer: Writer

    def fusioo(self, account: str, database: HandlerDatabase) -> FusiooClient:
        """Give the client of an account at Fusioo."""
        return self.clients.fusioo(account, database, self.writer)

    def onspring(self, account: str, database: HandlerDatabase) -> OnspringClient:
        """Give the client of an account at Onspring."""
        return self.clients.onspring(account, database, self.writer)
