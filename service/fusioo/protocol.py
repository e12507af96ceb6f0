"""Fusioo's API as bytes and values, without I/O: calls become requests, answers become data or errors.

Every answer is an envelope `{code, message, data}`; 10000 is success. The code is read first, whatever the
HTTP status says: which status comes with which code is not documented.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from service.errors import ConfigurationError
from service.fusioo import errors
from service.fusioo.endpoints import EVERYWHERE, Endpoint
from service.fusioo.errors import FusiooError
from service.transport.limits import check_time_limit
from service.transport.messages import Response
from service.transport.uploads import Upload

BASE_URL = "https://api.fusioo.com/v3"

_SUCCESS = 10000
_TOO_MANY = 429
_UNAUTHORIZED = 401
_REDIRECTS = 300
_THEIR_FAULT = 500
_REFUSALS = frozenset({400, 404, 413, 414, 431})
_KEYS = frozenset({"code", "message", "data"})
_NUMBER = re.compile(r"[0-9]{1,9}")
_OLD_VERSION = re.compile(r"/v([12])(?:/|$)")

# Codes with one meaning in the whole API: they are understood also where the page does not list them.
_UNAMBIGUOUS: tuple[type[FusiooError], ...] = (
    errors.AppNotFoundError,
    errors.AppAccessDeniedError,
    errors.CannotCreateError,
    errors.CannotUpdateError,
    errors.CannotDeleteError,
    errors.ValidationFailedError,
    errors.RecordNotFoundError,
    errors.RecordAccessDeniedError,
    errors.ConcurrentRequestsError,
    errors.DiscussionNotFoundError,
    errors.ContentMissingError,
    errors.ContentTooLongError,
    errors.WebhookNotFoundError,
    errors.NoSuchFileError,
    errors.FileTypeInvalidError,
    errors.FileTooLargeError,
    errors.StorageFullError,
    errors.MultipleFilesError,
    errors.FileAccessDeniedError,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to be sent: `target` is the path and query below the base URL."""

    endpoint: Endpoint
    target: str = field(repr=False)
    body: bytes | Upload | None = field(default=None, repr=False)
    """JSON, a file, or nothing."""
    within: float | None = None
    """Seconds for the whole call, where the client's own limit is not meant for it."""

    @property
    def replayable(self) -> bool:
        """Whether the body can be sent once more."""
        return not isinstance(self.body, Upload) or self.body.replayable


def check_base_url(url: str) -> str:
    """Give the base URL without a slash at its end.

    Raises ConfigurationError for anything but http(s), and for versions 1 and 2 of the API.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(f"{url!r} is not the base URL of an API", remedy=f"write {BASE_URL}")
    if old := _OLD_VERSION.search(parts.path):
        raise ConfigurationError(
            f"base_url names version {old[1]} of Fusioo's API, which pages from another offset, "
            "answers writes differently and has no files",
            remedy=f"use version 3: {BASE_URL}",
        )
    return url.rstrip("/")


def build_call(
    endpoint: Endpoint,
    *,
    ids: Mapping[str, str] | None = None,
    query: Mapping[str, str | int | bool | None] | None = None,
    body: Any = None,
    upload: Upload | None = None,
    within: float | None = None,
) -> Call:
    """Build a call. `ids` fill the path; None in `query` and as `body` means: not sent.

    `upload` is sent in place of a JSON `body`; `within` limits the call in seconds, in place of the client.

    Raises ValueError for an empty id, for no time limit, and for what JSON can't say (NaN, infinities);
    TypeError for values that are not JSON's.
    """
    quoted = {name: quote(value, safe="") for name, value in (ids or {}).items()}
    for name, value in quoted.items():
        if value in {"", ".", ".."}:
            raise ValueError(f"{endpoint.label}: {value!r} is not an id ({name})")
    target = endpoint.path.format_map(quoted)
    sent = {name: _query_text(value) for name, value in (query or {}).items() if value is not None}
    if sent:
        target += "?" + urlencode(sent, quote_via=quote, safe="")
    if within is not None:
        check_time_limit(within)
    content = None if body is None else json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    return Call(endpoint, target, upload or content, within)


def ids_list(ids: Sequence[str]) -> str:
    """Write ids the way the page does: `[record1,record2]`.

    Raises ValueError for an id that would break the list.
    """
    for one in ids:
        if not one or re.search(r"[\s,\[\]]", one):
            raise ValueError(f"{one!r} is not a record id")
    return f"[{','.join(ids)}]"


def is_refusal(endpoint: Endpoint, body: bytes) -> bool:
    """Tell an error of the API from a JSON file, where either can come.

    An error is an envelope with a code that is known here, a message, and nothing beside the three keys.
    """
    envelope = _envelope(body)
    known = {error.code for error in (*endpoint.errors, *EVERYWHERE, *_UNAMBIGUOUS)} | {_TOO_MANY}
    return envelope is not None and _code(envelope) in known and {"message"} <= envelope.keys() <= _KEYS


def read_answer(endpoint: Endpoint, answer: Response) -> Any:
    """Give the envelope's data (None where it has none). Raises what the answer means (fusioo/errors)."""
    envelope = _envelope(answer.body)
    code = _code(envelope)
    if envelope is not None and code == _SUCCESS and answer.status < _REDIRECTS:
        return envelope.get("data")
    raise _failure(endpoint, answer, envelope or {}, code)


def _failure(
    endpoint: Endpoint, answer: Response, envelope: Mapping[str, Any], code: int | None
) -> FusiooError:
    meaning = _meaning(endpoint, answer.status, code)
    if meaning is errors.UnreadableAnswerError:
        return _unreadable(endpoint, answer)
    said = envelope.get("message")
    return meaning(
        said if isinstance(said, str) else "",
        endpoint=endpoint.label,
        status=answer.status,
        code=None if code == _SUCCESS else code,
        details=envelope.get("data"),
        retry_after=answer.retry_after,
    )


def _unreadable(endpoint: Endpoint, answer: Response) -> FusiooError:
    encoding = answer.headers.get("content-encoding", "")
    form = f"{len(answer.body)} bytes, {answer.headers.get('content-type', 'no type')} {encoding}".strip()
    return errors.UnreadableAnswerError(
        f"it is not the JSON envelope of the API ({form})",
        endpoint=endpoint.label,
        status=answer.status,
        retry_after=answer.retry_after,
    )


def _meaning(endpoint: Endpoint, status: int, code: int | None) -> type[FusiooError]:
    if _TOO_MANY in (status, code):
        return errors.RateLimitedError
    for known in (*endpoint.errors, *EVERYWHERE, *_UNAMBIGUOUS):
        if known.code == code:
            return known
    if status == _UNAUTHORIZED:
        return errors.UnauthorizedError
    if status >= _THEIR_FAULT:
        return errors.UnavailableError
    if endpoint.refusal is not None and status in _REFUSALS:
        return endpoint.refusal
    return errors.UnreadableAnswerError if code is None or code == _SUCCESS else errors.UnknownCodeError


def _envelope(body: bytes) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _code(envelope: Mapping[str, Any] | None) -> int | None:
    code = (envelope or {}).get("code")
    if isinstance(code, str) and _NUMBER.fullmatch(code):
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _query_text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
