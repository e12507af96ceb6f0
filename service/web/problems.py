"""What is told of an error: a line to senders of webhooks, a problem (RFC 9457) to users of the API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

API = "/api/"
"""Where the API begins."""

JSON, PROBLEM_JSON = b"application/json", b"application/problem+json"


def describe_error(
    path: str, status: int, message: str, more: Mapping[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Give an error's JSON and its media type, as is usual below that path.

    `more` are further members, like the parameter that is wrong.
    """
    if not path.startswith(API):
        return {"error": message, **more}, JSON
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "detail": message or title}
    return {**problem, **more}, PROBLEM_JSON
