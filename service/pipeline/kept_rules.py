"""The rules by which a process judges, kept so that what they said can be explained later."""

from sqlalchemy.ext.asyncio import AsyncEngine

from service.db.persisting import persist
from service.rulebooks.repository import store_rulebook
from service.rules.configuration import Configuration
from service.rules.keeping import KeptRules


async def keep_rules(engine: AsyncEngine, configuration: Configuration) -> None:
    """Keep the rules of a configuration under its digest, before the first change names it."""

    async def write() -> None:
        async with engine.begin() as connection:
            await store_rulebook(connection, configuration.digest, KeptRules.of(configuration))

    await persist(write)
