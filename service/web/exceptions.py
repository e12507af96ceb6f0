"""From errors to HTTP answers: the only place that knows which status an error has.

Whatever is not listed is our own fault, and our own fault is always 503 with `Retry-After`: a sender may
give up for good on a 4xx, and some do on a 500.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from service.errors import NotFoundError, RelayError
from service.onspring.outcomes import WrongAppError
from service.pipeline.receive import WrongSecretError
from service.registrations.table import UnknownKeyError
from service.transport.bodies import MalformedBodyError, NoRecordIdError
from service.web.answers import Headers
from service.web.api.parameters import WrongParameterError
from service.web.body import BodyTooLargeError, BodyTooSlowError
from service.web.problems import describe_error

_STATUSES: Mapping[type[Exception], int] = {
    MalformedBodyError: 400,
    WrongParameterError: 400,
    WrongSecretError: 401,
    UnknownKeyError: 404,
    NotFoundError: 404,
    BodyTooSlowError: 408,
    BodyTooLargeError: 413,
    NoRecordIdError: 422,
    WrongAppError: 422,
}
_OUR_FAULT = 503
_RETRY_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What the sender is told about an error."""

    status: int
    message: str
    headers: Headers = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """What is said beside the message: flat, so that a sender can map it into fields."""


def answer_to(error: Exception) -> ErrorAnswer:
    """Decide on the answer. Messages of errors that are not ours stay inside."""
    status = _STATUSES.get(type(error), _OUR_FAULT)
    message = str(error) if isinstance(error, RelayError) else "something failed here; please send it again"
    if status == _STATUSES[BodyTooSlowError]:
        return ErrorAnswer(status, message, [(b"connection", b"close")])  # the rest may never come
    if isinstance(error, WrongParameterError):
        return ErrorAnswer(status, message, more={"parameter": error.parameter})
    if isinstance(error, MalformedBodyError) and error.line is not None:
        return ErrorAnswer(
            status, message, more={"line": error.line, "column": error.column, "near": error.near}
        )
    if status != _OUR_FAULT:
        return ErrorAnswer(status, message)
    wait = (error.retry_after if isinstance(error, RelayError) else None) or _RETRY_AFTER
    return ErrorAnswer(status, message, [(b"retry-after", b"%d" % math.ceil(wait))])


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer Starlette's own refusals (unknown path, wrong method) like ours."""
    status, detail, headers = _OUR_FAULT, "", None
    if isinstance(error, HTTPException):
        status, detail, headers = error.status_code, error.detail, error.headers
    content, media_type = describe_error(request.scope["path"], status, detail, {})
    return JSONResponse(content, status, headers=headers, media_type=media_type.decode())
