"""The envelope `{code, message, data}` of every JSON answer, and the documented codes.

Codes and messages: the tables of Fusioo's API v3 page; 10001 to 10003: its page on return codes. Which HTTP
status goes with a 30xxx code is not published: 404 for what is not found and 400 for the rest is a guess,
and `FusiooSettings.refusal_status` replaces it.
"""

from enum import IntEnum
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse


class Code(IntEnum):
    """The return codes that this simulator answers."""

    SUCCESS = 10000
    INTERNAL = 10001
    NOT_FOUND = 10002
    UNAUTHORIZED = 10003
    APP_NOT_FOUND = 30000
    APP_DENIED = 30001
    CREATE_DENIED = 30002
    UPDATE_DENIED = 30003
    DELETE_DENIED = 30004
    INVALID = 30050
    RECORD_NOT_FOUND = 30051
    RECORD_DENIED = 30052
    CONCURRENT = 30054
    DISCUSSION_NOT_FOUND = 30056
    CONTENT_MISSING = 30057
    CONTENT_TOO_LONG = 30058
    SORT_FIELD_UNKNOWN = 30100
    SORT_FIELD_UNSORTABLE = 30101
    SORT_FIELD_DENIED = 30102
    SORT_DIRECTION_INVALID = 30103
    OFFSET_INVALID = 30104
    LIMIT_INVALID = 30105
    WEBHOOK_NOT_FOUND = 30200
    FILE_NOT_FOUND = 30250
    FILE_TYPE_REFUSED = 30251
    FILE_TOO_BIG = 30252
    STORAGE_FULL = 30253
    TOO_MANY_FILES = 30254
    FILE_FIELD_DENIED = 30256

    USER_NOT_FOUND = 30105  # the same number as LIMIT_INVALID, at another endpoint: an alias


_MESSAGES = {
    Code.SUCCESS: "Success",
    Code.INTERNAL: "Internal server error",
    Code.NOT_FOUND: "Not found",
    Code.UNAUTHORIZED: "Unauthorized",
    Code.APP_NOT_FOUND: "App not found",
    Code.APP_DENIED: "App access denied",
    Code.CREATE_DENIED: "Cannot create App records",
    Code.UPDATE_DENIED: "Cannot update App records",
    Code.DELETE_DENIED: "Cannot delete App records",
    Code.INVALID: "Record validation errors",
    Code.RECORD_NOT_FOUND: "Record not found",
    Code.RECORD_DENIED: "Record access denied",
    Code.CONCURRENT: "Concurrent requests error",
    Code.DISCUSSION_NOT_FOUND: "Discussion not found",
    Code.CONTENT_MISSING: "Content is required",
    Code.CONTENT_TOO_LONG: "Character limit exceeded",
    Code.SORT_FIELD_UNKNOWN: "Field used to sort does not exist",
    Code.SORT_FIELD_UNSORTABLE: "Field used is not sortable",
    Code.SORT_FIELD_DENIED: "Cannot access the 'Sort By' Field",
    Code.SORT_DIRECTION_INVALID: "Sort direction is invalid",
    Code.OFFSET_INVALID: "Records offset is invalid",
    Code.LIMIT_INVALID: "Records limit is invalid",
    Code.WEBHOOK_NOT_FOUND: "Webhook not found",
    Code.FILE_NOT_FOUND: "File not found",
    Code.FILE_TYPE_REFUSED: "Invalid File Type",
    Code.FILE_TOO_BIG: "File size limit exceeded",
    Code.STORAGE_FULL: "Storage limit exceeded",
    Code.TOO_MANY_FILES: "Multiple files are not allowed",
    Code.FILE_FIELD_DENIED: "File Field access denied",
}

_STATUSES = {
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    Code.APP_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.RECORD_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.WEBHOOK_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.DISCUSSION_NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.FILE_NOT_FOUND: HTTPStatus.NOT_FOUND,
}
_FIRST_REFUSAL = 30000


class RefusedCallError(Exception):
    """The call is answered with `code`. `data` stands in the envelope.

    `status` and `message` replace the usual ones.
    """

    def __init__(
        self, code: Code, data: object = None, *, status: int | None = None, message: str | None = None
    ) -> None:
        self.code, self.data, self.status = code, data, status
        self.message = message or _MESSAGES[code]
        super().__init__(self.message)


def invalid(problems: list[dict[str, str]]) -> RefusedCallError:
    """Refuse a body. The shape of the details is not published; this one is ours."""
    return RefusedCallError(Code.INVALID, {"errors": problems})


def body_of(code: int, data: Any) -> dict[str, Any]:
    """Build the envelope; a code that this module does not know gets a message of its own."""
    known = next((member for member in Code if member == code), None)
    message = f"Error {code}" if known is None else _MESSAGES[known]
    return {"code": int(code), "message": message, "data": {} if data is None else data}


def success(data: Any) -> JSONResponse:
    """Answer 200 with `data`."""
    return JSONResponse(body_of(Code.SUCCESS, data))


def refusal(error: RefusedCallError, refusal_status: int | None) -> JSONResponse:
    """Answer a refused call; `refusal_status` is the one HTTP status for all 30xxx codes, where it is set."""
    status: int = error.status or _STATUSES.get(error.code, HTTPStatus.BAD_REQUEST)
    if refusal_status is not None and error.code >= _FIRST_REFUSAL:
        status = refusal_status
    body = {**body_of(error.code, error.data), "message": error.message}
    return JSONResponse(body, status_code=status)
