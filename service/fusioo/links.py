"""The ids in a link, in every shape that was seen. Pure.

Links are lists of ids on today's wire; older stores show a bare id, JSON in a text, or `{id, value}` (vendor
facts, value table).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.fusioo.problems import MisfitError, sort_of

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def ids_in(raw: Any) -> tuple[str, ...]:
    """The ids of the linked records, in their order. Raises MisfitError for anything that is no link."""
    shape = _unpacked(raw)
    return tuple(_ids(shape if isinstance(shape, list | tuple) else (shape,)))


def is_id(value: object) -> bool:
    """Can it be the id of a record or file? Its length says nothing (short in the docs, 33 letters live)."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _ids(members: list[Any] | tuple[Any, ...]) -> Iterator[str]:
    for packed in members:
        member = _unpacked(packed)
        found = member.get("id") if isinstance(member, Mapping) else member
        text = found.strip() if isinstance(found, str) else ""
        if not is_id(text):
            raise MisfitError(f"has {sort_of(found)} where the id of a record should be")
        yield text


def _unpacked(raw: Any) -> Any:
    """The JSON value in a text that is one; everything else as it is."""
    if not isinstance(raw, str) or not raw.lstrip().startswith(("[", "{", '"')):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise MisfitError("is a text that is neither an id nor JSON") from None
