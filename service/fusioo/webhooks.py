"""What Fusioo sends to our webhooks, without I/O: a body becomes record ids.

The body's form is not documented. One public receiver reads `id`, an older one of the workflow action
`record_id`; so all plausible places are accepted, and an array counts as several deliveries.
"""

import json
import re
from typing import Any

from service.errors import RelayError

SECRET_HEADER = "X-Fusioo-Secret"  # noqa: S105  a header's name; as one public receiver reads it
MOST_IDS = 1000

_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACES = (("id",), ("record_id",), ("recordId",), ("data", "id"), ("record", "id"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class MalformedBodyError(RelayError, ValueError):
    """The body is not JSON."""


class NoRecordIdError(RelayError, ValueError):
    """The body is JSON, but does not name 1 to 1,000 records."""


def parse_delivery(body: bytes) -> list[str]:
    """Give the ids of the records that a delivery's body names, each once, in its order.

    Raises MalformedBodyError for what is not JSON in UTF-8, NoRecordIdError for an empty array, any element
    without a usable id, or more than 1,000 elements.
    """
    parsed = _json(body)
    elements = parsed if isinstance(parsed, list) else [parsed]
    if not 0 < len(elements) <= MOST_IDS:
        raise NoRecordIdError(
            f"the body is an array of {len(elements)}; 1 to {MOST_IDS} records are accepted"
        )
    return list(dict.fromkeys(_record_id(element, position) for position, element in enumerate(elements)))


def _json(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except ValueError as error:  # also UnicodeDecodeError, and numbers of too many digits
        raise MalformedBodyError("the body is not JSON in UTF-8") from error


def _record_id(element: Any, position: int) -> str:
    for place in _PLACES:
        value = element
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and _RECORD_ID.fullmatch(value.strip()):
            return value.strip()
    raise NoRecordIdError(
        f"element {position} has no record id (looked for id, record_id, data.id and the like)"
    )
