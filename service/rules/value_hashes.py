"""A short name for a value, the same for all forms in which a provider shows that value. Pure.

What was written comes back in other clothes: a text as a list of one, a moment in another zone, plain words
as HTML (vendor facts, value table). So values are brought into one form before they are hashed, as rules
compare them. Nothing can be read back from a hash.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from service.rules.texts import is_html, visible
from service.rules.values import as_time, is_number

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,29})(\.\d{1,30})?")
"""Without zeros in front: those are a part of a text, like a postcode."""


def hash_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """Hash each value, by field id."""
    return {field_id: hash_value(value) for field_id, value in fields.items()}


def hash_value(value: Any) -> str:
    """Hash a JSON value.

    Null, an empty text and an empty list are the same; so are a list of one and its element, lists in any
    order, a number and its digits, a moment in any zone (to the second), a link and the id in it, a text
    with and without HTML.
    """
    written = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    """One form for all that is the same value; each with a word before it that says what it is."""
    if isinstance(value, Mapping):
        return _plain(value["id"]) if "id" in value else {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return _elements(value)
    if is_number(value):
        return _number(Decimal(json.dumps(value)))
    return _text(value) if isinstance(value, str) else value


def _elements(values: Sequence[Any]) -> Any:
    if len(values) == 1:
        return _plain(values[0])
    return ["several", *sorted(map(_plain, values), key=json.dumps)] if values else None


def _text(text: str) -> Any:
    words = visible(text) if is_html(text) else " ".join(text.split())
    if _PLAIN_NUMBER.fullmatch(words):
        return _number(Decimal(words))
    time = as_time(words)
    if isinstance(time, datetime):
        return ["moment", _second(time)]
    return ["day", time.isoformat()] if isinstance(time, date) else words or None


def _number(number: Decimal) -> Any:
    return ["number", f"{number.normalize():f}" if number else "0"]


def _second(moment: datetime) -> str:
    with suppress(OverflowError):  # in the first or last hours of the calendar
        moment = moment.astimezone(UTC)
    return moment.replace(microsecond=0).isoformat()
