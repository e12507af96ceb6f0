"""What a handler gets beside the change: clients, a log, an idempotency key, a transaction."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger

from service.changes.types import Change
from service.handlers.database import HandlerDatabase, OpenTransaction

if TYPE_CHECKING:  # a user's module imports this one: the HTTP stack is loaded by whoever makes clients
    from service.fusioo.client import FusiooClient

FusiooFactory = Callable[[str, HandlerDatabase], "FusiooClient"]
"""Gives the client of an account, metered in the handlers' share of its budget.

It is built with `clients.GuardedMeter` and `clients.GuardedAuth` over the given HandlerDatabase, so that no
call is made while its transaction is open. Raises NotFoundError for an account that isn't configured.
"""


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
        fusioo: FusiooFactory,
    ) -> None:
        self.run_id, self.rule, self.handler, self.attempt = run_id, rule, handler, attempt
        self.db = HandlerDatabase(open_transaction)
        self._change_id = change.id
        self._fusioo = fusioo
        self._clients: dict[str, FusiooClient] = {}

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
        if account not in self._clients:
            self._clients[account] = self._fusioo(account, self.db)
        return self._clients[account]

    def __repr__(self) -> str:
        return f"<Context run={self.run_id} handler={self.handler} attempt={self.attempt}>"
