"""Liveness, readiness and health, for whatever starts, feeds and watches this process (CONTRACT §5)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.clock import iso
from service.pipeline.probes.checks import Check, Health, Status, worst
from service.web.lifespan import WebState

_UNCACHED = {"cache-control": "no-store"}


class HealthResponse(JSONResponse):
    """The media type of draft-inadarei-api-health-check-06."""

    media_type = "application/health+json"


async def live(_: Request[WebState]) -> JSONResponse:
    """200 while the event loop turns."""
    return JSONResponse({"status": "pass"}, headers=_UNCACHED)


async def ready(request: Request[WebState]) -> JSONResponse:
    """200 while deliveries can be stored, else 503 with the reasons."""
    problems = request.state["readiness"].problems()
    if problems:
        return JSONResponse({"status": "fail", "output": problems}, 503, headers=_UNCACHED)
    return JSONResponse({"status": "pass"}, headers=_UNCACHED)


async def health(request: Request[WebState]) -> HealthResponse:
    """200 for pass and warn, 503 for fail. Who carries the admin token sees why."""
    look = await request.state["prober"].look()
    detailed = request.state["admin"].admits(request.scope["headers"])
    code = 503 if look.health.status is Status.FAIL else 200
    return HealthResponse(describe(look.health, detailed=detailed), code, headers=_UNCACHED)


def describe(health: Health, *, detailed: bool) -> dict[str, Any]:
    """Write health as JSON: every check with names and figures, or only the worst status of each name."""
    time = iso(health.time)
    return {
        "status": health.status,
        "checks": {
            name: [_describe(check, time) for check in checks]
            if detailed
            else [{"status": worst(check.status for check in checks), "time": time}]
            for name, checks in health.checks.items()
        },
    }


def _describe(check: Check, time: str) -> dict[str, Any]:
    told: dict[str, Any] = {"status": check.status}
    if check.output is not None:
        told["output"] = check.output
    if check.value is not None:
        told |= {"observedValue": check.value, "observedUnit": check.unit}
    return {**told, "time": time}


def health_routes() -> list[Route]:
    return [Route("/health/live", live), Route("/health/ready", ready), Route("/health", health)]
