"""What the control routes share: only from this machine, JSON in and out."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Act = Callable[[Request], Awaitable[Any]]
Row = tuple[str, str, Act]
"""(method, path under `/_sim`, what it does)"""


def routes_of(table: Iterable[Row]) -> list[Route]:
    """Make the routes. Every answer is JSON; 400 says what was wrong, 404 that something is not there."""
    return [Route(f"/_sim{path}", _guarded(act), methods=[method]) for method, path, act in table]


async def read_object(request: Request) -> dict[str, Any]:
    """Read a JSON object; no body is an empty one. Raises ValueError."""
    content = await request.json() if await request.body() else {}
    if not isinstance(content, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 (a wrong body is a wrong value here)
    return content


def person_in(request: Request) -> str:
    """Tell who makes an edit: `?person=`."""
    return request.query_params.get("person", "Sarah May")


def _guarded(act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.client is None or not ipaddress.ip_address(request.client.host).is_loopback:
            return JSONResponse({"error": "only from this machine"}, HTTPStatus.FORBIDDEN)
        try:
            return JSONResponse(await act(request))
        except KeyError as error:
            return JSONResponse({"error": f"{error} is not there"}, HTTPStatus.NOT_FOUND)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    return endpoint
