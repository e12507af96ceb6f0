"""Serves a simulated provider as a real HTTP server."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from service.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
_SHUTDOWN_SECONDS = 3


async def serve_app(
    app: Starlette,
    host: str,
    port: int,
    *,
    stop: asyncio.Event,
    ready: Callable[[int], None],
    ending: Callable[[], object],
) -> None:
    """Serve until `stop` is set; `ready` is called once with the port (0 takes a free one).

    `ending` is called before the end is waited for. Raises ConfigurationError if the port is taken.
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
        server = _Server(app, ready=lambda: ready(listener.getsockname()[1]), ending=ending)
        stopper = asyncio.create_task(server.exit_after(stop))
        try:
            await server.serve(sockets=[listener])
        finally:
            stopper.cancel()


def stopped_by_signals() -> asyncio.Event:
    """Make an event that SIGTERM or SIGINT sets, in the running loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


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
