"""The filters that templates have, and how a value reads in a text. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import FILTERS as JINJAS
from jinja2.filters import make_attrgetter

from service.rules.values import as_time, unwrap

_OF_JINJA = (
    "abs default d dictsort first float int items last length count list map max min reject rejectattr "
    "reverse round select selectattr sort sum unique"
)
_OF_TEXTS = "capitalize escape e lower replace striptags title trim truncate upper urlencode"


def in_text(value: Any) -> Any:
    """Say how a value reads within a text: nothing for null, `a, b` for a list, JSON for an object.

    What is undefined stays so: it fails when it is written.
    """
    if isinstance(value, str | Undefined):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | Mapping):
        return to_json(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Iterable):
        return ", ".join(str(in_text(item)) for item in value)
    raise TypeError(f"a {type(value).__name__} can't stand in a text")


def to_json(value: Any, indent: int | None = None) -> str:
    """Write a value as JSON, letters of all alphabets as they are. Raises TypeError for what is none."""
    return json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)


def date(value: Any, form: str = "%Y-%m-%d", zone: str | None = None) -> str:
    """Write a date or a moment of a record by a form of strftime; a moment in a zone, else as it is given.

    A moment without an offset is UTC. Nothing for null. Raises ValueError for what is no date.
    """
    given = unwrap(value)
    if given is None or given == "":
        return ""
    time = as_time(given)
    if time is None:
        raise ValueError("`date` was given what is no date")
    if isinstance(time, datetime) and zone is not None:
        time = time.astimezone(ZoneInfo(zone))
    return time.strftime(form)


@pass_environment
def join(environment: Environment, value: Any, separator: str = ", ", attribute: str | None = None) -> str:
    """Write the elements of a list one after the other; of objects, one attribute of each."""
    items = [value] if isinstance(value, str) else value
    if attribute is not None:
        items = map(make_attrgetter(environment, attribute), items)
    return separator.join(str(in_text(item)) for item in items)


def filters() -> Mapping[str, Callable[..., Any]]:
    """Give every filter by name: those of Jinja that have a use here, and ours.

    Those that change texts read a list of one as its element, and give plain texts: nothing here is HTML.
    """
    return {
        **{name: JINJAS[name] for name in _OF_JINJA.split()},
        **{name: _of_text(JINJAS[name]) for name in _OF_TEXTS.split()},
        "date": date,
        "join": join,
        "string": in_text,
        "text": in_text,
        "tojson": to_json,
    }


def _of_text(change: Callable[..., Any]) -> Callable[..., Any]:
    # Jinja passes its environment to some of these first, and tells them by a mark on the function.
    passed = getattr(change, "jinja_pass_arg", None)

    def on_text(*given: Any, **named: Any) -> str:
        place = 0 if passed is None else 1
        texts = [*given[:place], in_text(given[place]), *given[place + 1 :]]
        return str(change(*texts, **named))

    if passed is not None:
        on_text.jinja_pass_arg = passed  # type: ignore[attr-defined]  # the mark that Jinja looks for
    return on_text
