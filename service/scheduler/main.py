"""`relay scheduler`: any number of them; rows in Postgres decide which one does what."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

import structlog
import uvloop

from service.config import Settings
from service.db.engine import open_engine
from service.db.processes import Heartbeat
from service.errors import ConfigurationError
from service.queue.publisher import Publisher
from service.rules.configuration import Configuration
from service.rules.loader import load
from service.scheduler.periods import tick_periods
from service.scheduler.rounds import Rounds
from service.scheduler.ticking import Scheduler
from service.terminal import heeding_sighup

ENDS_WITHIN = 3.0
"""Seconds that the tick under way has to end after a signal."""


def run_scheduler(settings: Settings) -> None:
    """Claim ticks and ring until SIGTERM or SIGINT. Postgres and Redis may be away, also at the start.

    SIGHUP: the configuration is read anew, and taken if it is right; else the one before it goes on.
    Raises ConfigurationError when it can't start as configured.
    """
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    if settings.database_url is None or settings.redis_url is None:
        raise ConfigurationError("DATABASE_URL and REDIS_URL must be set", place="environment")
    stop = _stop_at_signal()
    configuration = load(settings.config, os.environ)
    async with AsyncExitStack() as held:
        engine = open_engine(settings.database_url, name="scheduler", pool_size=2)
        held.push_async_callback(engine.dispose)
        # It takes no lease, so it need not wait for the first beat.
        heartbeat = Heartbeat(settings.database_url, "scheduler", every=settings.beat_every).start(wait=None)
        held.push_async_callback(asyncio.to_thread, heartbeat.stop)
        publisher = Publisher.open(settings.redis_url)
        held.push_async_callback(asyncio.to_thread, publisher.close)
        rounds = Rounds(engine, settings, configuration, bells=publisher)
        _note_rules(settings, configuration)
        scheduler = Scheduler(
            engine,
            periods=tick_periods(settings, configuration),
            here={"sweep": rounds.sweep, "alarms": rounds.tell},
            ring=publisher.ring,
        )

        def take(configuration: Configuration) -> None:
            rounds.take(configuration)
            scheduler.take(tick_periods(settings, configuration))

        await held.enter_async_context(heeding_sighup(partial(_reload, settings, take), end=stop.set))
        structlog.get_logger().info("scheduler.started")
        await end_soon_after(scheduler.run, stop, within=ENDS_WITHIN)
        structlog.get_logger().info("scheduler.stopped")


async def end_soon_after(
    work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event, *, within: float
) -> None:
    """Do work that heeds `stop`; cut it off when it has not ended `within` seconds after."""
    task = asyncio.ensure_future(work(stop))
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await asyncio.wait({task}, timeout=within)
    if task.done():
        task.result()
    else:
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)


async def _reload(settings: Settings, take: Callable[[Configuration], None]) -> None:
    try:
        configuration = await asyncio.to_thread(load, settings.config, os.environ)
    except ConfigurationError as error:
        structlog.get_logger().error("rules.refused", place=str(settings.config), error=str(error))
    else:
        take(configuration)
        _note_rules(settings, configuration)


def _note_rules(settings: Settings, configuration: Configuration) -> None:
    structlog.get_logger().info(
        "rules.loaded",
        place=str(settings.config),
        digest=configuration.digest,
        rules=len(configuration.rules),
    )


def _stop_at_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
