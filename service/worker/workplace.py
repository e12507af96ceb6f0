"""What every kind of work needs: the configuration, the database, a life that others see, and bells."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.config import Settings
from service.db.engine import open_engine
from service.db.processes import Heartbeat
from service.errors import ConfigurationError
from service.queue.publisher import Publisher
from service.rules.configuration import Configuration
from service.rules.files import ConfigurationFiles, read_files
from service.rules.loader import parse_files


@dataclass(frozen=True, slots=True)
class Workplace:
    """One process's share of everything."""

    settings: Settings
    files: ConfigurationFiles
    configuration: Configuration
    """What the files say."""
    engine: AsyncEngine
    heartbeat: Heartbeat
    publisher: Publisher

    @property
    def process_id(self) -> UUID:
        """Who holds what this process claims."""
        return self.heartbeat.id

    def holds_what_stands_there(self) -> bool:
        """Whether RELAY_CONFIG's files are the same now: not, where new ones were refused or not read yet."""
        try:
            return read_files(self.settings.config) == self.files
        except ConfigurationError:
            return False


def make_workplace(
    settings: Settings,
    kind: str,
    held: AsyncExitStack,
    *,
    files: ConfigurationFiles | None = None,
    pool_size: int = 5,
) -> Workplace:
    """Read the configuration (`files`, or what RELAY_CONFIG names) and open what `held` closes again.

    Nobody sees it, and it may take no lease: its beats are not begun. Raises ConfigurationError.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise ConfigurationError("DATABASE_URL and REDIS_URL must be set", place="environment")
    files = files or read_files(settings.config)
    configuration = parse_files(files, os.environ)
    engine = open_engine(settings.database_url, name=kind, pool_size=pool_size)
    held.push_async_callback(engine.dispose)
    heartbeat = Heartbeat(settings.database_url, kind, every=settings.beat_every)
    # Before its start: who is asked to end while it waits for the first beat must not leave a row behind.
    held.push_async_callback(asyncio.to_thread, heartbeat.stop)
    publisher = Publisher.open(settings.redis_url)
    held.push_async_callback(asyncio.to_thread, publisher.close)
    return Workplace(settings, files, configuration, engine, heartbeat, publisher)


async def open_workplace(
    settings: Settings,
    kind: str,
    held: AsyncExitStack,
    *,
    files: ConfigurationFiles | None = None,
    pool_size: int = 5,
) -> Workplace:
    """Make a workplace, and let its beats begin.

    Raises ConfigurationError; TimeoutError when Postgres can't be reached within 30 s.
    """
    place = make_workplace(settings, kind, held, files=files, pool_size=pool_size)
    await asyncio.to_thread(place.heartbeat.start)
    configuration = place.configuration
    structlog.get_logger().info(
        "rules.loaded", place=place.files.name, digest=configuration.digest, rules=len(configuration.rules)
    )
    return place
