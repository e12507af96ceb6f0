"""Answers as they come from a provider in trouble, or from something in front of it."""

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from service.dev.simulators.faults import AnswerFault

_HTML = "<html><body><h1>Service unavailable</h1></body></html>"


def wrong_answer(fault: AnswerFault, usual: Response, envelope: Any) -> Response:
    """Answer as the fault says; `usual` is the right answer, `envelope` the JSON of the provider's errors."""
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    match fault.body:
        case "usual":
            return usual
        case "html":
            return HTMLResponse(_HTML, fault.status, headers)
        case "empty":
            return Response(status_code=fault.status, headers=headers)
        case "cut":
            whole = JSONResponse(envelope)
            return _CutResponse(whole.body, fault.status, headers, "application/json")
        case "envelope":
            return JSONResponse(envelope, fault.status, headers)


class _CutResponse(Response):
    """An answer whose connection ends half way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        # Never told that the body is complete, the server closes the connection.
        await send({"type": "http.response.body", "body": half, "more_body": True})
