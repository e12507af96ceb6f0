"""Runs the simulator as a real HTTP server."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import structlog
import uvicorn
from starlette.applications import Starlette

from service.dev.simulators.faults import Faults
from service.dev.simulators.fusioo.app import create_simulator
from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.oauth_settings import OAuthSettings
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.storage import kept_in
from service.errors import ConfigurationError

_LOOPBACK = "127.0.0.1"
_SHUTDOWN_SECONDS = 3

_log = structlog.get_logger()


async def serve(
    host: str,
    port: int,
    *,
    state: FusiooState,
    stop: asyncio.Event,
    ready: Callable[[int], None],
    edit_rate: float = 0.0,
    edit_seed: int = 0,
) -> None:
    """Serve `state` until `stop` is set; `ready` is called once with the port (0 takes a free one).

    Raises ConfigurationError if the port is taken.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise ConfigurationError(
            f"the simulator cannot listen on {host}:{port}: {error.strerror}",
            remedy="stop what uses the port, or choose another",
        ) from error
    with listener:
        # Head and body of an answer are two writes: without it the second waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = create_simulator(state, edit_rate=edit_rate, edit_seed=edit_seed)
        server = _Server(app, ready=lambda: ready(listener.getsockname()[1]), ending=state.gate.release)
        stopper = asyncio.create_task(server.exit_after(stop))
        try:
            await server.serve(sockets=[listener])
        finally:
            stopper.cancel()


def run_simulator(
    port: int,
    seed: int,
    token: str,
    rate: float,
    *,
    settings: FusiooSettings,
    faults: Faults | None = None,
    oauth: OAuthSettings | None = None,
    keep_in: Path | None = None,
) -> None:
    """Serve the example apps on the loopback address until SIGTERM or SIGINT.

    `token` is an administrator's; `rate` is edits a second, 0 for none. `keep_in` is a file that makes the
    next start go on with the records and webhooks of this one.
    Raises ConfigurationError if the port is taken or the file is not a simulator's.
    """
    state = example_state(token=token, seed=seed, settings=settings)
    state.faults = faults or Faults()
    state.oauth.settings = oauth or OAuthSettings()
    asyncio.run(_run(state, port, rate, seed, keep_in))


async def _run(state: FusiooState, port: int, rate: float, seed: int, keep_in: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready(taken: int) -> None:
        _log.info("simulator.started", provider="fusioo", url=f"http://{_LOOPBACK}:{taken}/v3")

    async with nullcontext() if keep_in is None else kept_in(keep_in, state):
        await serve(_LOOPBACK, port, state=state, stop=stop, ready=ready, edit_rate=rate, edit_seed=seed)


class _Server(uvicorn.Server):
    """uvicorn that tells when it listens, and leaves the signals to its caller."""

    def __init__(self, app: Starlette, *, ready: Callable[[], None], ending: Callable[[], object]) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def exit_after(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Calls that a test still holds would keep the server from ending.
        self._ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
