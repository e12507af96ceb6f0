"""Contexts as handlers get them, over doubles or over a real database."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from service.changes.types import Change
from service.errors import NotFoundError
from service.fusioo.client import FusiooClient
from service.handlers.context import Context
from service.handlers.database import HandlerDatabase, OpenTransaction
from service.onspring.client import OnspringClient
from service.testing.database import RecordingDatabase
from service.testing.fusioo import FakeFusioo
from service.testing.onspring import FakeOnspring

RUN_ID = UUID("0199a000-0000-7000-8000-000000000002")


def make_context(
    change: Change,
    *,
    fusioo: Mapping[str, FakeFusioo] | None = None,
    onspring: Mapping[str, FakeOnspring] | None = None,
    database: RecordingDatabase | None = None,
    open_transaction: OpenTransaction | None = None,
    rule: str = "a-rule",
    handler: str = "a-handler",
    attempt: int = 1,
    run_id: UUID = RUN_ID,
) -> Context:
    """Make the context of one attempt at a run of `change`.

    `fusioo`, `onspring`: what stands for these providers, by account; `ctx.fusioo` and `ctx.onspring` of any
    other raise NotFoundError, as they do for one that is not configured. `database` remembers what goes
    through `ctx.db`; `open_transaction` takes its place with a connection of a real database, which the test
    rolls back or commits.
    """
    return Context(
        run_id=run_id,
        rule=rule,
        handler=handler,
        attempt=attempt,
        change=change,
        open_transaction=open_transaction or (database or RecordingDatabase()).open_transaction,
        clients=_Doubles(fusioo or {}, onspring or {}),
    )


@dataclass(frozen=True, slots=True)
class _Doubles:
    """The clients of what stands for providers."""

    at_fusioo: Mapping[str, FakeFusioo]
    at_onspring: Mapping[str, FakeOnspring]

    def fusioo(self, account: str, database: HandlerDatabase) -> FusiooClient:
        if account not in self.at_fusioo:
            raise NotFoundError(f"there is no account {account}: give make_context fusioo={{{account!r}: …}}")
        return self.at_fusioo[account].client(database)

    def onspring(self, account: str, database: HandlerDatabase) -> OnspringClient:
        if account not in self.at_onspring:
            raise NotFoundError(
                f"there is no account {account} at Onspring: give make_context onspring={{{account!r}: …}}"
            )
        return self.at_onspring[account].client(database)
