"""What Fusioo sends to our webhooks, without I/O: a body becomes record ids.

The body's form is not documented. One public receiver reads `id`, an older one of the workflow action
`record_id`; so all plausible places are accepted, and an array counts as several deliveries. Where bodies
keep the id elsewhere, a path says so.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from service.errors import RelayError
from service.fusioo.id_path import IdPath

SECRET_HEADER = "X-Fusioo-Secret"  # noqa: S105  a header's name; as one public receiver reads it
MOST_IDS = 1000

_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACES = tuple((path, path.split(".")) for path in ("id", "record_id", "recordId", "data.id", "record.id"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class MalformedBodyError(RelayError, ValueError):
    """The body is not JSON."""


class NoRecordIdError(RelayError, ValueError):
    """The body is JSON, but does not name 1 to 1,000 records."""


def parse_delivery(body: bytes, id_path: IdPath | None = None) -> list[str]:
    """Give the ids of the records that a delivery's body names, each once, in its order.

    What stands at `id_path` counts before the usual places; an element without ids there is read as usual.
    Raises MalformedBodyError for what is not JSON in UTF-8, NoRecordIdError for an empty array, any element
    without a usable id, or more than 1,000 elements or ids.
    """
    elements = elements_of(body)
    if not 0 < len(elements) <= MOST_IDS:
        raise NoRecordIdError(
            f"the body is an array of {len(elements)}; 1 to {MOST_IDS} records are accepted"
        )
    found = list(dict.fromkeys(_all_ids(elements, id_path)))
    if len(found) > MOST_IDS:
        raise NoRecordIdError(f"the body names {len(found)} records; 1 to {MOST_IDS} are accepted")
    return found


def elements_of(body: bytes) -> list[Any]:
    """Give the elements of a body that is an array, or the body itself as the only one.

    Raises MalformedBodyError for what is not JSON in UTF-8.
    """
    parsed = _json(body)
    return parsed if isinstance(parsed, list) else [parsed]


def usual_places(element: Any) -> Iterator[tuple[str, str]]:
    """Give path and id for each usual place of one element that has one; the first is the one that counts."""
    for path, place in _PLACES:
        value = element
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        if (record_id := usable_id(value)) is not None:
            yield path, record_id


def usable_id(value: Any) -> str | None:
    """Take a value as a record's id, if it can be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _RECORD_ID.fullmatch(value.strip()):
        return value.strip()
    return None


def _json(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except ValueError as error:  # also UnicodeDecodeError, and numbers of too many digits
        raise MalformedBodyError("the body is not JSON in UTF-8") from error


def _all_ids(elements: list[Any], id_path: IdPath | None) -> Iterator[str]:
    for position, element in enumerate(elements):
        if id_path is not None and (ids := _ids_at(element, position, id_path)):
            yield from ids
            continue
        for _, record_id in usual_places(element):
            yield record_id
            break
        else:
            asked = f"{id_path.text}, " if id_path else ""
            raise NoRecordIdError(
                f"element {position} has no record id (looked for {asked}id, record_id, data.id and the like)"
            )


def _ids_at(element: Any, position: int, id_path: IdPath) -> list[str]:
    """Give the ids at the path, which all must be usable, if any is. Raises NoRecordIdError."""
    at_path = [usable_id(value) for value in id_path.find(element)]
    ids = [each for each in at_path if each is not None]
    if 0 < len(ids) < len(at_path):
        raise NoRecordIdError(f"element {position} has other things than ids where its ids are to be")
    return ids
