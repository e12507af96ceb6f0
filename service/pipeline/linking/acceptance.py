"""What a round of asking for linked records shows of the account's credentials."""

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.persisting import persist
from service.errors import AccountRefusedError
from service.pipeline.halts import accept_account, refuse_account, try_halted
from service.pipeline.linking.fetching import Fetched


async def note_acceptance(engine: AsyncEngine, account: str, fetched: Fetched, *, halted: bool) -> None:
    """Halt an account that was refused; end the halt of one that was answered.

    `halted`: whether the round was the one look that a halted account gets; unused, it is given back.
    """
    stopped = fetched.stopped
    if isinstance(stopped, AccountRefusedError):

        async def refuse() -> None:
            async with engine.begin() as connection:
                await refuse_account(connection, account, stopped)

        await persist(refuse)
    elif halted and (fetched.seen or fetched.absent):

        async def accept() -> None:
            async with engine.begin() as connection:
                await accept_account(connection, account)

        await persist(accept)
    elif halted and not fetched.calls:
        await try_halted(engine, [account])
