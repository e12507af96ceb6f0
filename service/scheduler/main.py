"""`relay scheduler`: any number of them; rows in Postgres decide which one does what."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog
import uvloop

from service.config import Settings
from service.db.engine import open_engine
from service.db.processes import Heartbeat
from service.errors import ConfigurationError
from service.pipeline.sweep import Sweep
from service.pipeline.telling.notices import Notices
from service.queue.publisher import Publisher
from service.rules.loader import load
from service.scheduler.ticking import Scheduler

RETENTION_EVERY = timedelta(hours=1)
ENDS_WITHIN = 3.0
"""Seconds that the tick under way has to end after a signal."""


def run_scheduler(settings: Settings) -> None:
    """Claim ticks and ring until SIGTERM or SIGINT. Postgres and Redis may be away, also at the start.

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
        retries = {name: handler.retry for name, handler in configuration.handlers.items()}
        sweep = Sweep(
            engine,
            lost_after=settings.lost_after,
            retries=retries,
            breakers={
                name: handler.breaker
                for name, handler in configuration.handlers.items()
                if handler.breaker is not None
            },
            bells=publisher,
        )
        notices = Notices(
            engine,
            handlers=configuration.alarms,
            retries=retries,
            lost_after=settings.lost_after,
            bells=publisher,
        )
        scheduler = Scheduler(
            engine,
            periods={
                "sweep": settings.sweep_every,
                "alarms": settings.sweep_every,
                "retention": RETENTION_EVERY,
                "apps": settings.apps_every,
            },
            here={"sweep": sweep.sweep, "alarms": notices.sweep},
            ring=publisher.ring,
        )
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


def _stop_at_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
