"""`/capture/{key}`: where anything may be sent for a while, to learn how it is really sent."""

from functools import partial

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.web.answers import send_json
from service.web.body import BodyLimits, read_body


class CaptureEndpoint:
    """An ASGI endpoint for every method: it reads the body itself, and only for a key that is open."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        count = await scope["state"]["capturing"].take(
            scope["path_params"]["key"],
            method=scope["method"],
            query=scope["query_string"],
            headers=scope["headers"],
            read_body=partial(read_body, scope, receive, self._limits),
        )
        await send_json(send, 200, {"captured": count})


def capture_route(limits: BodyLimits) -> Route:
    """The route; any method gets to the endpoint."""
    return Route("/capture/{key}", CaptureEndpoint(limits), name="capture")
