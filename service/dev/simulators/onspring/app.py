"""The simulator as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from service.dev.simulators.onspring import app_routes, file_routes, record_routes, report_routes
from service.dev.simulators.onspring.control_routes import control_routes
from service.dev.simulators.onspring.courier import courier_at_work
from service.dev.simulators.onspring.doorway import api_routes
from service.dev.simulators.onspring.state import OnspringState

ENDPOINTS = (
    *app_routes.ENDPOINTS,
    *report_routes.ENDPOINTS,
    *record_routes.ENDPOINTS,
    *file_routes.ENDPOINTS,
)


def create_simulator(state: OnspringState) -> Starlette:
    """Make the application: the API at the root, the controls under `/_sim`.

    Outcomes need its lifespan.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with courier_at_work(state):
            yield

    return Starlette(routes=[*control_routes(state), *api_routes(state, ENDPOINTS)], lifespan=lifespan)
