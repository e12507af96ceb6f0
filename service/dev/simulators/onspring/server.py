"""Runs the simulator as a real HTTP server."""

import asyncio
from collections.abc import Callable

import structlog

from service.dev.simulators.faults import Faults
from service.dev.simulators.onspring.app import create_simulator
from service.dev.simulators.onspring.example import example_state
from service.dev.simulators.onspring.settings import OnspringSettings
from service.dev.simulators.onspring.state import OnspringState
from service.dev.simulators.serving import LOOPBACK, serve_app, stopped_by_signals

_log = structlog.get_logger()


async def serve(
    host: str, port: int, *, state: OnspringState, stop: asyncio.Event, ready: Callable[[int], None]
) -> None:
    """Serve `state` until `stop` is set; `ready` is called once with the port (0 takes a free one).

    Raises ConfigurationError if the port is taken.
    """
    app = create_simulator(state)
    await serve_app(app, host, port, stop=stop, ready=ready, ending=state.gate.release)


def run_simulator(port: int, seed: int, key: str, *, settings: OnspringSettings, faults: Faults) -> None:
    """Serve the example apps on the loopback address until SIGTERM or SIGINT; `key` is an administrator's.

    Raises ConfigurationError if the port is taken.
    """
    state = example_state(key=key, seed=seed, settings=settings)
    state.faults = faults
    asyncio.run(_run(state, port))


async def _run(state: OnspringState, port: int) -> None:
    def ready(taken: int) -> None:
        _log.info("simulator.started", provider="onspring", url=f"http://{LOOPBACK}:{taken}")

    await serve(LOOPBACK, port, state=state, stop=stopped_by_signals(), ready=ready)
