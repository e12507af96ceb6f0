"""What every kind of work needs: the configuration, the database, a life that others see, and bells."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db.engine import open_engine
from service.db.processes import Heartbeat
from service.errors import ConfigurationError
from service.queue.publisher import Publisher
from service.rules.configuration import Configuration
from service.rules.loader import load


@dataclass(frozen=True, slots=True)
class Workplace:
    """One process's share of everything."""

    settings: Settings
    configuration: Configuration
    engine: AsyncEngine
    heartbeat: Heartbeat
    publisher: Publisher

    @property
    def process_id(self) -> UUID:
        """Who holds what this process claims."""
        return self.heartbeat.id


async def open_workplace(
    settings: Settings, kind: str, held: AsyncExitStack, *, pool_size: int = 5
) -> Workplace:
    """Read the configuration and open what `held` closes again, in reverse order.

    Raises ConfigurationError; TimeoutError when Postgres can't be reached within 30 s.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise ConfigurationError("DATABASE_URL and REDIS_URL must be set", place="environment")
    configuration = load(settings.config, os.environ)
    engine = open_engine(settings.database_url, name=kind, pool_size=pool_size)
    held.push_async_callback(engine.dispose)
    heartbeat = Heartbeat(settings.database_url, kind, every=settings.beat_every)
    # Before the start: who is asked to end while it waits for the first beat must not leave a row behind.
    held.push_async_callback(asyncio.to_thread, heartbeat.stop)
    await asyncio.to_thread(heartbeat.start)
    publisher = Publisher.open(settings.redis_url)
    held.push_async_callback(asyncio.to_thread, publisher.close)
    return Workplace(settings, configuration, engine, heartbeat, publisher)
