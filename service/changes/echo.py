"""Whether a change comes of what our own handlers wrote. Pure: values are compared by their hashes.

A change is an echo if every field that differs has the value that some handler wrote. It is hidden from a
rule if that rule's own writes account for all of it. Somebody else's edit that was seen in the same look
makes it an ordinary change, for everybody; where they edited over what we wrote, it came on top of that
(`docs/decisions/0016-echoes.md`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Hashes = Mapping[str, str]
"""Field id → hash of its value."""


@dataclass(frozen=True, slots=True)
class Note:
    """A write of a handler, noted before the call."""

    id: int
    """Notes are numbered in the order in which they were written."""
    rule: str
    hashes: Hashes
    written: Mapping[str, Any] = field(default_factory=dict)
    """The values themselves, of an update."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What our own writes have to do with a change."""

    complete: bool = False
    """All of the change comes of them: its origin is `echo`."""
    hidden_from: frozenset[str] = frozenset()
    """The rules that wrote all of it by themselves."""
    met: frozenset[int] = frozenset()
    """The notes that it showed, or that somebody overwrote: each is used once."""
    overwritten: Mapping[str, Any] = field(default_factory=dict)
    """Fields that we wrote and somebody else edited before anybody looked: what we wrote there last."""
    echoed: frozenset[str] = frozenset()
    """Of a change that is not complete: the fields that come of them all the same."""


NO_ECHO = Echo()


def echo_of_update(differing: Collection[str], shown: Hashes, notes: Sequence[Note]) -> Echo:
    """Judge an update by the notes of its record.

    `differing` are the fields that differ, without those that the provider computes; `shown` has the hashes
    of all values of the record as it is now that the notes or `differing` name.
    """
    wanted = frozenset(differing)
    accounted = {
        note.id: frozenset(name for name in wanted if note.hashes.get(name) == shown[name]) for note in notes
    }
    by_rule: dict[str, frozenset[str]] = {}
    for note in notes:
        by_rule[note.rule] = by_rule.get(note.rule, frozenset()) | accounted[note.id]
    ours = frozenset[str]().union(*accounted.values())
    elsewhere = wanted - ours
    overwritten = [note for note in notes if elsewhere & note.hashes.keys()]
    complete = bool(wanted) and not elsewhere
    return Echo(
        complete,
        frozenset(rule for rule, fields in by_rule.items() if complete and fields == wanted),
        frozenset(note.id for note in notes if accounted[note.id] and (complete or _is_shown(note, shown)))
        | {note.id for note in overwritten},
        {name: note.written[name] for note in overwritten for name in elsewhere if name in note.written},
        frozenset() if complete else ours,
    )


def echo_of_unchanged(shown: Hashes, notes: Sequence[Note]) -> Echo:
    """Judge an update in which nothing differs: it may come of writes that changed nothing.

    These are those of which the record shows all values, as `shown` has them. Else a rule with `unchanged`
    whose handler writes what stands there already would run for ever.
    """
    met = [note for note in notes if note.hashes and _is_shown(note, shown)]
    return Echo(bool(met), frozenset(note.rule for note in met), frozenset(note.id for note in met))


def echo_of_create(shown: Hashes, notes: Sequence[Note]) -> Echo:
    """Judge a record that is seen for the first time by the notes of what was created in its app.

    `shown` has the hashes of all its values that the notes name. Of several notes that fit it is the one
    that says most, then the oldest.
    """
    fitting = [note for note in notes if note.hashes and _is_shown(note, shown)]
    if not fitting:
        return NO_ECHO
    note = min(fitting, key=lambda each: (-len(each.hashes), each.id))
    return Echo(complete=True, hidden_from=frozenset({note.rule}), met=frozenset({note.id}))


def _is_shown(note: Note, shown: Hashes) -> bool:
    return all(shown[name] == hashed for name, hashed in note.hashes.items())
