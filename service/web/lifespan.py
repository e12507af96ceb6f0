"""What the web process holds open while it serves, opened and closed in order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict

import structlog
from pydantic import SecretStr

from service.db.engine import open_engine
from service.db.processes import Heartbeat, Silence
from service.errors import ConfigurationError
from service.inbox.writer import InboxWriter
from service.observability.metrics import WebMetrics
from service.pipeline.capturing.take import Capturing
from service.pipeline.outage import end_outage
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.figures import Figures, measure
from service.pipeline.probes.prober import Prober
from service.pipeline.readiness import Readiness
from service.pipeline.receive import Receiver
from service.pipeline.showing.reader import Connection, reading
from service.queue.pinging import Pinger
from service.queue.publisher import Publisher
from service.registrations.receiving import LiveRegistrations
from service.registrations.table import RegistrationTable
from service.sealing import SecretBox
from service.terminal import heeding_sighup
from service.web.access import AdminToken
from service.web.body import BodyLimits


@dataclass(frozen=True, slots=True)
class WebRules:
    """What the web process takes from a configuration."""

    secret_headers: Mapping[str, str]
    id_paths: Mapping[str, str]
    expected: Expected
    digest: str


@dataclass(frozen=True, slots=True)
class WebOptions:
    """All that the web process needs to know, as plain values (it is sent to child processes)."""

    database_url: str = field(repr=False)  # URLs hold passwords
    redis_url: str = field(repr=False)
    secret_keys: SecretStr
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    """By account: the header in which its provider sends the secret, where it is not the usual one."""
    id_paths: Mapping[str, str] = field(default_factory=dict)
    """By account: where its provider's bodies keep the record's id, where that is no usual place."""
    outdated_revisions: Collection[str] = frozenset()
    """Schema revisions that are too old for this code."""
    admin_token: SecretStr | None = None
    expected: Expected | None = None
    """What the configuration asks for; None: it is missing or wrong, which health tells."""
    reread: Callable[[], WebRules] | None = field(default=None, repr=False)
    """Reads the configuration anew at SIGHUP, in a thread. None: SIGHUP is not heeded."""
    public_path: str = ""
    """The path of RELAY_PUBLIC_URL, for proxies that leave it on: webhooks are served below it too."""
    refresh_every: timedelta = timedelta(seconds=5)
    beat_every: timedelta = timedelta(seconds=3)
    lost_after: timedelta = timedelta(seconds=15)
    health_fresh_for: timedelta = timedelta(seconds=1)
    """How long health counts before it is looked at again, however many ask."""
    body: BodyLimits = field(default_factory=BodyLimits)
    inbox_bytes: int = 64 * 2**20
    inbox_wait: timedelta = timedelta(seconds=5)
    least_gap: timedelta = timedelta(seconds=1)
    """Between two reads of the registrations for keys that are not known."""
    key_wait: timedelta = timedelta(seconds=10)
    """How long a delivery is held whose registration is still being made."""


Reader = Callable[[], AbstractAsyncContextManager[Connection]]
"""Opens a transaction that can't write."""


class WebState(TypedDict):
    """What each request finds in its state."""

    receiver: Receiver
    capturing: Capturing
    readiness: Readiness
    prober: Prober
    reader: Reader
    metrics: WebMetrics
    admin: AdminToken


Measure = Callable[[], Coroutine[Any, Any, Figures]]
Measuring = Callable[[Expected | None], Measure]
"""How to measure what a configuration asks for."""

_PROBE = timedelta(seconds=2)
"""How long health waits for Postgres or Redis: who asks for it often waits no longer than 3 s."""
_LONGEST_READ = timedelta(seconds=10)
"""How long a question over the API may take: a person's filter may have to look far back."""
_LONGEST_STORE = timedelta(seconds=5)
"""How long the statements of a capture may take."""
_FIRST_READ = 5.0  # seconds that start-up waits for the registrations, before deliveries are let in anyway


@asynccontextmanager
async def open_state(options: WebOptions, metrics: WebMetrics) -> AsyncIterator[WebState]:
    """Open everything, yield the state, close everything in the opposite order.

    Starts also when the database or Redis is away; readiness tells. Raises ConfigurationError for unusable
    secret keys.
    """
    box = SecretBox(options.secret_keys.get_secret_value())
    async with AsyncExitStack() as stack:
        engine = open_engine(
            options.database_url, name="web", pool_size=2, statement_timeout=timedelta(seconds=5)
        )
        stack.push_async_callback(engine.dispose)
        silence = Silence(options.lost_after, end_outage)
        heartbeat = Heartbeat(options.database_url, "web", every=options.beat_every, silence=silence).start(
            wait=None
        )
        stack.push_async_callback(asyncio.to_thread, heartbeat.stop)
        publisher = Publisher.open(options.redis_url)
        stack.push_async_callback(asyncio.to_thread, publisher.close)
        inbox = await stack.enter_async_context(
            InboxWriter(
                options.database_url,
                max_bytes=options.inbox_bytes,
                max_wait=options.inbox_wait,
                note_commit=metrics.note_commit,
            )
        )
        table = await _open_table(stack, LiveRegistrations(engine, box), options)
        readiness = await stack.enter_async_context(
            Readiness(engine, outdated=options.outdated_revisions, table_loaded=lambda: table.loaded)
        )
        receiver = Receiver(
            table=table,
            inbox=inbox,
            ring=publisher.ring_settle,
            secret_headers=options.secret_headers,
            id_paths=options.id_paths,
        )
        prober, measuring = await _open_prober(stack, options)
        if options.reread is not None:
            reload = partial(_reload, options.reread, receiver, prober, measuring)
            end = partial(os.kill, os.getpid(), signal.SIGTERM)
            await stack.enter_async_context(heeding_sighup(reload, end=end))
        yield {
            "receiver": receiver,
            "capturing": _open_capturing(stack, options),
            "readiness": readiness,
            "prober": prober,
            "reader": _open_reader(stack, options),
            "metrics": metrics,
            "admin": AdminToken(options.admin_token),
        }


async def _open_table(
    stack: AsyncExitStack, registrations: LiveRegistrations, options: WebOptions
) -> RegistrationTable:
    """Have the registrations at hand before the first delivery comes, if the database lets us."""
    table = await stack.enter_async_context(
        RegistrationTable(
            registrations.load,
            refresh_every=options.refresh_every,
            least_gap=options.least_gap,
            wait=options.key_wait,
        )
    )
    with suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_READ):
            await table.refreshed()
    return table


async def _reload(
    reread: Callable[[], WebRules], receiver: Receiver, prober: Prober, measuring: Measuring
) -> None:
    """Take a changed configuration, or say why not: the one before it goes on then."""
    try:
        rules = await asyncio.to_thread(reread)
    except ConfigurationError as error:
        structlog.get_logger().error("rules.refused", error=str(error))
        return
    receiver.read_by(rules.secret_headers, rules.id_paths)
    prober.compare_with(rules.expected, measure=measuring(rules.expected))
    structlog.get_logger().info("rules.loaded", digest=rules.digest)


def _open_reader(stack: AsyncExitStack, options: WebOptions) -> Reader:
    """Let the API read on connections of its own, two at most: it takes none from the receiver."""
    engine = open_engine(options.database_url, name="api", pool_size=1, statement_timeout=_LONGEST_READ)
    stack.push_async_callback(engine.dispose)
    return partial(reading, engine)


def _open_capturing(stack: AsyncExitStack, options: WebOptions) -> Capturing:
    """Let captures be stored on connections of their own: they take none from the receiver."""
    engine = open_engine(options.database_url, name="capture", pool_size=1, statement_timeout=_LONGEST_STORE)
    stack.push_async_callback(engine.dispose)
    capturing = Capturing(engine)
    stack.push_async_callback(capturing.close)
    return capturing


async def _open_prober(stack: AsyncExitStack, options: WebOptions) -> tuple[Prober, Measuring]:
    """Open what looks at the relay, on connections of its own: it takes none from the receiver."""
    engine = open_engine(options.database_url, name="health", pool_size=1, statement_timeout=_PROBE)
    stack.push_async_callback(engine.dispose)
    pinger = Pinger(options.redis_url, timeout=_PROBE / 2)
    stack.push_async_callback(pinger.close)

    def measuring(expected: Expected | None) -> Measure:
        limits = {} if expected is None else expected.limits
        return partial(measure, engine, limits, lost_after=options.lost_after)

    prober = Prober(
        measure=measuring(options.expected),
        ping=pinger.ping,
        expected=options.expected,
        lost_after=options.lost_after,
        fresh_for=options.health_fresh_for,
        patience=_PROBE,
    )
    return await stack.enter_async_context(prober), measuring
