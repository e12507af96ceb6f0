"""Which linked records a change needs, from what is known of them so far. Pure.

Level by level: the links of the change's record, then the links of these, as its rule's paths say. A record
that is known is never needed again, so a cycle (`client.tasks`, back to where it began) costs nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.changes.types import Fields

MOST_ON_A_PATH = 200
"""So many records a path brings, as many as one call does; the rest is named as a gap."""


class RecordKey(NamedTuple):
    """A record of an account."""

    app_id: str
    record_id: str


@dataclass(frozen=True, slots=True)
class LinkReader:
    """What a provider's links mean."""

    target: Callable[[str, str], str | None]
    """The app that a field (app id, field id) links to; None: not to be found out."""
    ids: Callable[[Any], tuple[str, ...]]
    """The record ids in a field's value. Raises ValueError for what is no link."""


Known = Callable[[RecordKey], Fields | None]
"""A record's fields, None where it is known not to be there. Raises KeyError for what is not known."""


@dataclass
class Resolved:
    """How far a change's links are known."""

    linked: dict[str, list[Fields]] = field(default_factory=dict)
    """By path, the records that are there."""
    gaps: dict[str, list[str]] = field(default_factory=dict)
    """By path, the ids that can't be had: no such record, app unknown, too many."""
    missing: dict[str, list[RecordKey]] = field(default_factory=dict)
    """By path, the records that nothing is known of yet."""

    unclear: bool = False
    """Whether some are gaps only because it is not known to which app they belong."""

    @property
    def needed(self) -> list[RecordKey]:
        """The records to ask for, each once."""
        return list(dict.fromkeys(key for keys in self.missing.values() for key in keys))

    def all_gaps(self) -> dict[str, list[str]]:
        """Name everything that is not there, when nothing more is asked for."""
        gaps = {path: list(ids) for path, ids in self.gaps.items()}
        for path, keys in self.missing.items():
            gaps.setdefault(path, []).extend(key.record_id for key in keys)
        return gaps


def resolve(
    root: RecordKey, fields: Fields | None, paths: Sequence[str], known: Known, reader: LinkReader
) -> Resolved:
    """Follow the paths from a record (`fields` None: nothing is known of it, so it links to nothing).

    Each path stands after its beginnings.
    """
    resolved = Resolved()
    here: dict[str, list[tuple[str, Fields]]] = {"": [] if fields is None else [(root.app_id, fields)]}

    def known_or_root(key: RecordKey) -> Fields | None:
        return fields if key == root else known(key)

    for path in paths:
        beginning, _, field_id = path.rpartition(".")
        level = _Level(path, resolved, known_or_root, reader)
        for app_id, parent in here.get(beginning, ()):
            level.follow(app_id, field_id, parent.get(field_id))
        here[path] = level.found
        resolved.linked[path] = [found for _, found in level.found]
    return resolved


class _Level:
    """The records at the end of one path."""

    def __init__(self, path: str, resolved: Resolved, known: Known, reader: LinkReader) -> None:
        self._path, self._resolved, self._known, self._reader = path, resolved, known, reader
        self._seen: set[str] = set()
        self.found: list[tuple[str, Fields]] = []

    def follow(self, app_id: str, field_id: str, value: Any) -> None:
        """Take up what one record links to by one of its fields."""
        if value in (None, "", [], ()):
            return
        try:
            ids = self._reader.ids(value)
        except ValueError:
            self._miss_for_good(str(value)[:64])
            return
        target = self._reader.target(app_id, field_id)
        for record_id in ids:
            if record_id in self._seen:
                continue
            self._seen.add(record_id)
            self._resolved.unclear = self._resolved.unclear or target is None
            if target is None or len(self._seen) > MOST_ON_A_PATH:
                self._miss_for_good(record_id)
            else:
                self._take(RecordKey(target, record_id))

    def _take(self, key: RecordKey) -> None:
        try:
            fields = self._known(key)
        except KeyError:
            self._resolved.missing.setdefault(self._path, []).append(key)
            return
        if fields is None:
            self._miss_for_good(key.record_id)
        else:
            self.found.append((key.app_id, fields))

    def _miss_for_good(self, record_id: str) -> None:
        self._resolved.gaps.setdefault(self._path, []).append(record_id)
