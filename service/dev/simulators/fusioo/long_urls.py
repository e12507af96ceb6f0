"""Calls whose URL is too long: refused by something in front of the API, which counts no call."""

from starlette.responses import HTMLResponse, JSONResponse, Response

from service.dev.simulators.fusioo.envelope import Code, body_of
from service.dev.simulators.fusioo.settings import FusiooSettings

_HTML = "<html><body><h1>The request is too long</h1></body></html>"


def long_url_refusal(settings: FusiooSettings, path: str, query: str) -> Response | None:
    """Answer a call whose path and query are too long for the settings; None if they are not."""
    longest, status = settings.longest_url, settings.long_url_status
    if longest is None or len(path) + len(query) + 1 <= longest:
        return None
    match settings.long_url_body:
        case "html":
            return HTMLResponse(_HTML, status)
        case "empty":
            return Response(status_code=status)
        case "envelope":
            return JSONResponse(body_of(Code.NOT_FOUND, None), status)
