"""Places in a delivery's body that may mean something: ids of records and apps, the kind of event. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.captures.secrecy import smells
from service.transport.bodies import usable_id

_MOST_PLACES = 500
_DEEPEST = 6
_FUSIOO_ID = re.compile(r"i[0-9a-f]{32}")
_RECORD_NAMES = frozenset({"recordid", "recordref", "recordkey", "record", "recordids", "records"})
_KIND_NAMES = frozenset(
    {
        "event",
        "eventtype",
        "eventname",
        "type",
        "action",
        "kind",
        "operation",
        "trigger",
        "triggertype",
        "change",
        "changetype",
    }
)
_OTHERS_IDS = ("app", "user", "account", "event", "webhook", "company", "request", "workflow", "message")
_TEXT = re.compile(r"[\w .:/-]{1,64}")
_KINDS = (
    (re.compile(r"creat|add|new|insert", re.IGNORECASE), "create"),
    (re.compile(r"updat|edit|chang|modif", re.IGNORECASE), "update"),
    (re.compile(r"delet|remov|trash|destroy", re.IGNORECASE), "delete"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a body, and its path, as `id_path` would write it."""

    path: str
    value: str

    @property
    def is_fusioo_id(self) -> bool:
        """Whether it looks like the ids that Fusioo makes."""
        return _FUSIOO_ID.fullmatch(self.value) is not None

    @property
    def is_of_record(self) -> bool:
        """Whether its name says that a record's id stands there."""
        return _plain(self.path.split(".")[-1]) in _RECORD_NAMES


def record_places(element: Any) -> list[Place]:
    """Give the places that may hold records' ids, the likeliest first; `[]`: the element is an id itself."""
    if (own := usable_id(element)) is not None:
        return [Place("[]", own)]
    found = [place for place in _id_places(element) if not _is_of_another(place)]
    likely = [place for place in found if _rank(place) is not None]
    return sorted(likely, key=lambda place: _rank(place) or 0)


def app_places(element: Any) -> list[Place]:
    """Give the places that may hold the id of an app."""
    return [place for place in _id_places(element) if _plain(place.path).endswith(("appid", "app"))]


def kind_places(element: Any) -> list[Place]:
    """Give the places that may say what was done to the record."""
    return [
        Place(path, value)
        for path, value in _leaves(element)
        if _plain(path.split(".")[-1]) in _KIND_NAMES and isinstance(value, str) and _TEXT.fullmatch(value)
    ]


def kind_meant(text: str) -> str | None:
    """Tell which kind of change a text means: `record.updated` is an update."""
    meant = {kind for pattern, kind in _KINDS if pattern.search(text)}
    return meant.pop() if len(meant) == 1 else None


def _rank(place: Place) -> int | None:
    name = _plain(place.path.split(".")[-1])
    if place.is_of_record:
        return 0 if name.startswith("recordi") else 1
    if place.is_fusioo_id:
        return 2
    if name in {"id", "ids"}:
        return 3
    return 4 if name.endswith("id") else None


def _is_of_another(place: Place) -> bool:
    names = place.path.split(".")
    around = _plain(names[-2]) if len(names) > 1 else ""
    name = _plain(names[-1])
    return name.startswith(_OTHERS_IDS) or (name == "id" and around.startswith(_OTHERS_IDS))


def _id_places(element: Any) -> Iterator[Place]:
    for path, value in _leaves(element):
        if (named := usable_id(value)) is not None:
            yield Place(path, named)


def _leaves(element: Any) -> Iterator[tuple[str, Any]]:
    """Give path and value of what is no object, level by level; of a list only the first element."""
    level, seen = [("", element)], 0
    for _ in range(_DEEPEST):
        below: list[tuple[str, Any]] = []
        for path, value in level:
            for name, inner in value.items() if isinstance(value, dict) else ():
                seen += 1
                if seen > _MOST_PLACES or not _can_be_said(name) or smells(name):
                    continue
                here = f"{path}.{name}" if path else name
                if isinstance(inner, list):
                    here, inner = f"{here}[]", inner[0] if inner else None  # noqa: PLW2901 (what counts of it)
                if isinstance(inner, dict):
                    below.append((here, inner))
                else:
                    yield here, inner
        level = below


def _can_be_said(name: str) -> bool:
    """Whether a path can hold this name."""
    return name.isprintable() and 0 < len(name) <= 64 and not set(name) & set(".[]")  # noqa: PLR2004 (of a name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
