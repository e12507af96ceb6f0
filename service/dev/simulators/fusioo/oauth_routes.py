"""The token endpoint, `POST /oauth/token`. Where the provider's is, is not published.

The fault switches reach it like any call: slow is a hold or a delay, a lost answer a `cut` that takes effect.
"""

from base64 import b64decode
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.dev.simulators.fusioo.doorway import Door
from service.dev.simulators.fusioo.oauth import RefusedGrantError
from service.dev.simulators.fusioo.state import FusiooState

PATH = "/oauth/token"

_FORM = "application/x-www-form-urlencoded"
_NEVER_STORED = {"cache-control": "no-store", "pragma": "no-cache"}


def oauth_routes(state: FusiooState) -> list[Route]:
    """Make the one route; it costs no call of the window (a guess) and is not under a version."""
    return [Route(PATH, _TokenDoor(state, {}), methods=["POST"])]


class _TokenDoor(Door):
    """The endpoint that takes a form and answers plain JSON, without the API's envelope."""

    async def _carry_out(self, request: Request) -> Response:
        is_form = request.headers.get("content-type", "").partition(";")[0] == _FORM
        form = dict(parse_qsl((await request.body()).decode(errors="replace"))) if is_form else {}
        try:
            answer = self._state.oauth.give(form, _basic(request))
        except RefusedGrantError as error:
            # What is shown to it must not get into anybody's log through the description.
            said = {"error": error.code, "error_description": f"refused: {form}"}
            return JSONResponse(said, error.status, _NEVER_STORED)
        return JSONResponse(answer, HTTPStatus.OK, _NEVER_STORED)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return unquote_plus(client_id), unquote_plus(secret)
