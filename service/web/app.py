"""The ASGI application of the web process, from values."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from service.observability.metrics import WebMetrics
from service.web.api.routes import api_routes
from service.web.capture import capture_route
from service.web.exceptions import on_http_exception
from service.web.health import health_routes
from service.web.lifespan import WebOptions, WebState, open_state
from service.web.metrics import metrics_route
from service.web.middleware import RequestMiddleware
from service.web.webhooks import webhook_route


def create_app(options: WebOptions, *, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Make the application; its server's start opens the resources. `routes` are added to its own."""
    metrics = WebMetrics(CollectorRegistry(), pid=os.getpid())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[WebState]:
        async with open_state(options, metrics) as state:
            yield state

    incoming = [webhook_route(options.body), capture_route(options.body)]
    below = [Mount(options.public_path, routes=incoming)] if options.public_path else []
    return Starlette(
        routes=[*incoming, *health_routes(), metrics_route(), *api_routes(), *routes, *below],
        middleware=[Middleware(RequestMiddleware, note_request=metrics.note_request)],
        exception_handlers={HTTPException: on_http_exception},
        lifespan=lifespan,
    )
