"""What providers send to our webhooks, without I/O: a body becomes record ids, wherever it keeps them."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from service.errors import RelayError
from service.transport.id_path import IdPath

MOST_IDS = 1000

Places = Sequence[tuple[str, Sequence[str]]]
"""Where elements of a body may keep an id: paths, whole and split. The first that has one counts."""

_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_AROUND = 10  # characters to each side of a mistake: enough to find it, too few for a secret


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class MalformedBodyError(RelayError, ValueError):
    """The body is not JSON.

    `line` and `column` say where it ends to be, counted from 1, where that can be told; `near` is the text
    around it. That may be anything, so it is for the sender alone, and no part of the message.
    """

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, near: str | None = None
    ) -> None:
        self.line, self.column, self.near = line, column, near
        super().__init__(message)


class NoRecordIdError(RelayError, ValueError):
    """The body is JSON, but does not name 1 to 1,000 records."""


def places(*paths: str) -> Places:
    """Prepare paths of names, split by dots, to be looked at."""
    return tuple((path, path.split(".")) for path in paths)


def usable_id(value: Any) -> str | None:
    """Take a value as a record's id, if it can be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _RECORD_ID.fullmatch(value.strip()):
        return value.strip()
    return None


def elements_of(body: bytes) -> list[Any]:
    """Give the elements of a body that is an array, or the body itself as the only one.

    Raises MalformedBodyError for what is not JSON in UTF-8.
    """
    parsed = _json(body)
    return parsed if isinstance(parsed, list) else [parsed]


def record_ids(
    elements: Sequence[Any],
    usual: Places,
    id_path: IdPath | None = None,
    *,
    usable: Callable[[Any], str | None] = usable_id,
) -> list[str]:
    """Give the ids of the records that a body's elements name, each once, in their order.

    What stands at `id_path` counts before the usual places; an element without ids there is read as usual.
    Raises NoRecordIdError for no element, any without a usable id, or more than 1,000 elements or ids.
    """
    if not 0 < len(elements) <= MOST_IDS:
        raise NoRecordIdError(
            f"the body is an array of {len(elements)}; 1 to {MOST_IDS} records are accepted"
        )
    found = list(dict.fromkeys(_all_ids(elements, usual, id_path, usable)))
    if len(found) > MOST_IDS:
        raise NoRecordIdError(f"the body names {len(found)} records; 1 to {MOST_IDS} are accepted")
    return found


def ids_at(
    element: Any, usual: Places, *, usable: Callable[[Any], str | None] = usable_id
) -> Iterator[tuple[str, str]]:
    """Give path and id for each of the places of one element that has one."""
    for path, place in usual:
        value = element
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        if (record_id := usable(value)) is not None:
            yield path, record_id


def _json(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _mistake_in(error) from error
    except ValueError as error:  # also UnicodeDecodeError, and numbers of too many digits
        raise MalformedBodyError("the body is not JSON in UTF-8") from error


def _mistake_in(error: json.JSONDecodeError) -> MalformedBodyError:
    around = error.doc[max(0, error.pos - _AROUND) : error.pos + _AROUND]
    near = "".join(letter if letter.isprintable() else "?" for letter in around)
    return MalformedBodyError(
        f"the body is not JSON (line {error.lineno}, column {error.colno})",
        line=error.lineno,
        column=error.colno,
        near=near,
    )


def _all_ids(
    elements: Sequence[Any], usual: Places, id_path: IdPath | None, usable: Callable[[Any], str | None]
) -> Iterator[str]:
    for position, element in enumerate(elements):
        if id_path is not None and (ids := _ids_at_path(element, position, id_path, usable)):
            yield from ids
            continue
        for _, record_id in ids_at(element, usual, usable=usable):
            yield record_id
            break
        else:
            looked_for = [id_path.text] if id_path else []
            looked_for += [path for path, _ in usual]
            raise NoRecordIdError(f"element {position} has no record id (looked for {', '.join(looked_for)})")


def _ids_at_path(
    element: Any, position: int, id_path: IdPath, usable: Callable[[Any], str | None]
) -> list[str]:
    """Give the ids at the path, which all must be usable, if any is. Raises NoRecordIdError."""
    at_path = [usable(value) for value in id_path.find(element)]
    ids = [each for each in at_path if each is not None]
    if 0 < len(ids) < len(at_path):
        raise NoRecordIdError(f"element {position} has other things than ids where its ids are to be")
    return ids
