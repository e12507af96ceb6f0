"""Onspring's API as bytes and values, without I/O: calls become requests, answers become data or errors.

The status decides. The error object (`{"message": …}`) only explains, as it may be missing: a 401 may be
HTML or empty, and a gateway in front answers in its own words.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from service.errors import ConfigurationError
from service.onspring import errors
from service.onspring.endpoints import Endpoint, Gives
from service.onspring.errors import OnspringError
from service.transport.limits import check_time_limit
from service.transport.messages import Request, Response
from service.transport.uploads import Upload

API_VERSION = "2"

_JSON = "application/json"
_BAD_REQUEST = 400
_REDIRECTS = 300
_THEIR_FAULT = 500
_TOO_LARGE = re.compile(r"size of the data requested.{0,40}too large", re.IGNORECASE | re.DOTALL)
_MEANINGS: Mapping[int, type[OnspringError]] = MappingProxyType(
    {
        400: errors.BadRequestError,
        401: errors.UnauthorizedError,
        403: errors.AccessDeniedError,
        404: errors.NoSuchThingError,
        413: errors.FileTooLargeError,
        429: errors.RateLimitedError,
        499: errors.GatewayTimedOutError,
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to be sent: `target` is the path and query below the base URL."""

    endpoint: Endpoint
    target: str = field(repr=False)
    body: bytes | Upload | None = field(default=None, repr=False)
    """JSON, a form, or nothing."""
    within: float | None = None
    """Seconds for the whole call, where the client's own limit is not meant for it."""


def check_base_url(url: str) -> str:
    """Give the base URL without a slash at its end. Raises ConfigurationError for anything but http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{url!r} is not the base URL of an API", remedy="write https://api.onspring.com"
        )
    return url.rstrip("/")


def build_call(
    endpoint: Endpoint,
    *,
    ids: Mapping[str, int | str] | None = None,
    query: Mapping[str, str | int | None] | None = None,
    body: Any = None,
    upload: Upload | None = None,
    within: float | None = None,
) -> Call:
    """Build a call. `ids` fill the path; None in `query` and as `body` means: not sent.

    `upload` is sent in place of a JSON `body`; `within` limits the call in seconds, in place of the client.

    Raises ValueError for what is no id, for no time limit, and for what JSON can't say (NaN, infinities);
    TypeError for values that are not JSON's.
    """
    quoted = {name: _quote_id(endpoint, name, value) for name, value in (ids or {}).items()}
    target = endpoint.path.format_map(quoted)
    sent = {name: str(value) for name, value in (query or {}).items() if value is not None}
    if sent:
        target += "?" + urlencode(sent, quote_via=quote, safe=",")
    if within is not None:
        check_time_limit(within)
    content = None if body is None else json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    return Call(endpoint, target, upload or content, within)


def build_request(base_url: str, call: Call, credentials: Mapping[str, str]) -> Request:
    """Build the request of a call, with headers of its own; `credentials` say who calls."""
    headers = {"x-api-version": API_VERSION, "Accept": _JSON, **credentials}
    if call.endpoint.gives is Gives.FILE:
        headers["Accept"] = "*/*"
    if isinstance(call.body, Upload):
        headers["Content-Type"] = call.body.content_type
        if call.body.length is not None:
            headers["Content-Length"] = str(call.body.length)
    elif call.body is not None:
        headers["Content-Type"] = _JSON
    return Request(call.endpoint.method, base_url + call.target, headers, call.body)


def read_answer(endpoint: Endpoint, answer: Response) -> Any:
    """Give the data of an answer, None where none is documented. Raises what it means (onspring/errors)."""
    if not _is_success(answer.status):
        raise failure(endpoint, answer)
    if endpoint.gives is Gives.NOTHING:
        if answer.body.strip() and not _may_be_json(answer):
            raise _unreadable(endpoint, answer)  # a page of somebody in between: nothing was done
        return None
    data = _parsed(answer) if _may_be_json(answer) else None
    if data is None:
        raise _unreadable(endpoint, answer)
    return data


def failure(endpoint: Endpoint, answer: Response) -> OnspringError:
    """Make the error that an answer without success means."""
    status, said = answer.status, _message(answer)
    meaning = _MEANINGS.get(status)
    if status == _BAD_REQUEST and _TOO_LARGE.search(said):
        meaning = errors.DataTooLargeError
    if meaning is None:
        meaning = errors.UnavailableError if status >= _THEIR_FAULT else errors.UnexpectedStatusError
    return meaning(said, endpoint=endpoint.label, status=status, retry_after=answer.retry_after)


def _is_success(status: int) -> bool:
    return status < _REDIRECTS


def _quote_id(endpoint: Endpoint, name: str, value: int | str) -> str:
    if isinstance(value, bool) or (isinstance(value, int) and value < 1) or value in {"", ".", ".."}:
        raise ValueError(f"{endpoint.label}: {value!r} is not an id ({name})")
    return quote(str(value), safe="")


def _unreadable(endpoint: Endpoint, answer: Response) -> OnspringError:
    encoding = answer.headers.get("content-encoding", "")
    form = f"{len(answer.body)} bytes, {answer.headers.get('content-type', 'no type')} {encoding}".strip()
    return errors.UnreadableAnswerError(
        f"it is not the JSON of the API ({form})",
        endpoint=endpoint.label,
        status=answer.status,
        retry_after=answer.retry_after,
    )


def _message(answer: Response) -> str:
    """The message of the error object; empty where there is none. HTML is never quoted."""
    parsed = _parsed(answer) if _may_be_json(answer) else None
    said = parsed.get("message") if isinstance(parsed, dict) else None
    return said if isinstance(said, str) else ""


def _may_be_json(answer: Response) -> bool:
    form = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return form in {_JSON, "text/json", ""} or form.endswith("+json")


def _parsed(answer: Response) -> Any:
    try:
        return json.loads(answer.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
