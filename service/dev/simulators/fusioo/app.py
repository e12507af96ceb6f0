"""The simulator as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from service.dev.simulators.fusioo import (
    app_routes,
    discussion_routes,
    file_routes,
    record_routes,
    user_routes,
    webhook_routes,
)
from service.dev.simulators.fusioo.control_routes import control_routes
from service.dev.simulators.fusioo.deliveries import courier_at_work
from service.dev.simulators.fusioo.doorway import api_routes
from service.dev.simulators.fusioo.edits import EditStream
from service.dev.simulators.fusioo.oauth_routes import oauth_routes
from service.dev.simulators.fusioo.state import FusiooState

_ENDPOINTS = (
    *app_routes.ENDPOINTS,
    *record_routes.ENDPOINTS,
    *discussion_routes.ENDPOINTS,
    *user_routes.ENDPOINTS,
    *file_routes.ENDPOINTS,
    *webhook_routes.ENDPOINTS,
)


def create_simulator(state: FusiooState, *, edit_rate: float = 0.0, edit_seed: int = 0) -> Starlette:
    """Make the application: the API under `/v1` to `/v3`, `/oauth/token`, the controls under `/_sim`.

    Deliveries need its lifespan; so does the stream of `edit_rate` edits a second, 0 for none.
    """
    edits = EditStream(state)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with courier_at_work(state):
            try:
                if edit_rate > 0:
                    await edits.start(edit_rate, edit_seed)
                yield
            finally:
                await edits.stop()

    routes = [*control_routes(state, edits), *oauth_routes(state), *api_routes(state, _ENDPOINTS)]
    return Starlette(routes=routes, lifespan=lifespan)
