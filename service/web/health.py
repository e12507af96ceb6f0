"""Liveness and readiness, for whatever starts this process and sends it requests (CONTRACT §5)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.web.lifespan import WebState

_UNCACHED = {"cache-control": "no-store"}


async def live(_: Request[WebState]) -> JSONResponse:
    """200 while the event loop turns."""
    return JSONResponse({"status": "pass"}, headers=_UNCACHED)


async def ready(request: Request[WebState]) -> JSONResponse:
    """200 while deliveries can be stored, else 503 with the reasons."""
    problems = request.state["readiness"].problems()
    if problems:
        return JSONResponse({"status": "fail", "output": problems}, 503, headers=_UNCACHED)
    return JSONResponse({"status": "pass"}, headers=_UNCACHED)


def health_routes() -> list[Route]:
    return [Route("/health/live", live), Route("/health/ready", ready)]
