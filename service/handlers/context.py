"""What a handler gets beside the change: clients, a log, an idempotency key, a transaction."""

from functools import cached_property
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger

from service.changes.types import Change
from service.handlers.database import HandlerDatabase, OpenTransaction

if TYPE_CHECKING:  # a user's module imports this one: the HTTP stack is loaded by whoever makes clients
    from service.fusioo.client import FusiooClient
    from service.onspring.client import OnspringClient


class Clients(Protocol):
    """Gives the clients of accounts, metered in the handlers' share of their budgets.

    They are built with the guards of service.handlers.clients over the given HandlerDatabase, so that no call
    is made while its transaction is open. Both raise NotFoundError for an account that isn't configured, or
    is one of another provider.
    """

    def fusioo(self, account: str, database: HandlerDatabase, /) -> "FusiooClient":
        """Give the client of an account at Fusioo."""
        ...

    def onspring(self, account: str, database: HandlerDatabase, /) -> "OnspringClient":
        """Give the client of an account at Onspring."""
        ...


class Context:
    """One attempt at one run, as its handler sees it."""

    def __init__(
        self,
        *,
        run_id: UUID,
        rule: str,
        handler: str,
        attempt: int,
        change: Change,
        open_transaction: OpenTransaction,
        clients: Clients,
    ) -> None:
        self.run_id, self.rule, self.handler, self.attempt = run_id, rule, handler, attempt
        self.db = HandlerDatabase(open_transaction)
        self._change_id = change.id
        self._clients = clients
        self._fusioo: dict[str, FusiooClient] = {}
        self._onspring: dict[str, OnspringClient] = {}

    @cached_property
    def log(self) -> FilteringBoundLogger:
        """A log whose lines name the run."""
        log: FilteringBoundLogger = structlog.get_logger().bind(
            run_id=str(self.run_id),
            change_id=str(self._change_id),
            rule=self.rule,
            handler=self.handler,
            attempt=self.attempt,
        )
        return log

    @property
    def idempotency_key(self) -> str:
        """The run's id: the same over all attempts, for services that drop repeated requests."""
        return str(self.run_id)

    def fusioo(self, account: str) -> "FusiooClient":
        """Give the client of a configured Fusioo account; its calls count against the account's budget.

        Raises NotFoundError for an unknown account. Its calls raise BudgetExhaustedError (let it pass: the
        run is deferred, which is no attempt) and RefusedError while `db` is open.
        """
        if account not in self._fusioo:
            self._fusioo[account] = self._clients.fusioo(account, self.db)
        return self._fusioo[account]

    def onspring(self, account: str) -> "OnspringClient":
        """Give the client of a configured Onspring account, as `fusioo` does."""
        if account not in self._onspring:
            self._onspring[account] = self._clients.onspring(account, self.db)
        return self._onspring[account]

    def __repr__(self) -> str:
        return f"<Context run={self.run_id} handler={self.handler} attempt={self.attempt}>"
