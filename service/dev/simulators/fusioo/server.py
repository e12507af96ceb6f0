"""Runs the simulator as a real HTTP server."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import structlog

from service.dev.simulators.faults import Faults
from service.dev.simulators.fusioo.app import create_simulator
from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.oauth_settings import OAuthSettings
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.state import FusiooState
from service.dev.simulators.fusioo.storage import kept_in
from service.dev.simulators.serving import LOOPBACK, serve_app, stopped_by_signals

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
    app = create_simulator(state, edit_rate=edit_rate, edit_seed=edit_seed)
    await serve_app(app, host, port, stop=stop, ready=ready, ending=state.gate.release)


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
    stop = stopped_by_signals()

    def ready(taken: int) -> None:
        _log.info("simulator.started", provider="fusioo", url=f"http://{LOOPBACK}:{taken}/v3")

    async with nullcontext() if keep_in is None else kept_in(keep_in, state):
        await serve(LOOPBACK, port, state=state, stop=stop, ready=ready, edit_rate=rate, edit_seed=seed)
