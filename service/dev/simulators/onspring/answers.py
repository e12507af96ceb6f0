"""Refusals, in the forms of Onspring's page (Error Handling) and of what was seen besides."""

from http import HTTPStatus
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, Response

TOO_LARGE = "The size of the data requested was too large. Please reduce the size of the request."
GATEWAY_GAVE_UP = 499
"""Client Closed Request: over the gateway's 90 seconds."""

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>401</title></head><body><h1>Unauthorized</h1></body></html>"
_GATEWAY_PAGE = "<html><head><title>499 Client Closed Request</title></head><body></body></html>"


class RefusedCallError(Exception):
    """A call that the provider does not carry out."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status, self.message = status, message


def bad(message: str) -> RefusedCallError:
    """400: the request was unacceptable."""
    return RefusedCallError(HTTPStatus.BAD_REQUEST, message)


def denied(act: str, what: str) -> RefusedCallError:
    """403, in the page's words: "Client does not have access to read app: 1"."""
    return RefusedCallError(HTTPStatus.FORBIDDEN, f"Client does not have access to {act} {what}")


def unknown(what: str) -> RefusedCallError:
    """404: the requested resource does not exist."""
    return RefusedCallError(HTTPStatus.NOT_FOUND, f"{what} could not be found")


def refusal(error: RefusedCallError, unauthorized_body: Literal["html", "empty", "json"]) -> Response:
    """Answer a refused call."""
    if error.status == GATEWAY_GAVE_UP:
        return HTMLResponse(_GATEWAY_PAGE, error.status)
    if error.status == HTTPStatus.UNAUTHORIZED and unauthorized_body == "html":
        return HTMLResponse(_LOGIN_PAGE, error.status)
    if error.status == HTTPStatus.UNAUTHORIZED and unauthorized_body == "empty":
        return Response(status_code=error.status)
    return JSONResponse({"message": error.message}, error.status)
