"""Where each key and value of a configuration stands in its file. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from service.rules.problems import Finding, KeyPath, Position, Problem


class Marks(NamedTuple):
    """The positions of one entry. A list's elements have no key: both are the same."""

    key: Position
    value: Position


class Positions:
    """The position of every path of a file; paths that are not there lead to the nearest one above."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        start = Position(1, 1)
        self._marks: dict[KeyPath, Marks] = {(): Marks(start, start)}

    def add(self, path: KeyPath, key: Position, value: Position) -> None:
        """Note where an entry stands; the first one stays."""
        self._marks.setdefault(path, Marks(key, value))

    def follow(self, steps: Sequence[str | int]) -> KeyPath:
        """The deepest path of the file along these steps; steps that the file does not have are left out."""
        path: KeyPath = ()
        for step in steps:
            if (*path, step) in self._marks:
                path = (*path, step)
        return path

    def of(self, path: KeyPath, *, at_key: bool = False) -> Position:
        """The position of a value, or of its key. Of a missing one: of the key that it is missing under."""
        known = path
        while known not in self._marks:
            known = known[:-1]
        marks = self._marks[known]
        return marks.key if at_key or known != path else marks.value

    def place(self, position: Position) -> str:
        """The position as editors and terminals know it: `relay.yaml:12:5`."""
        return f"{self._file_name}:{position.line}:{position.column}"

    def problem(self, finding: Finding) -> Problem:
        """A finding, with its place in the file."""
        position = self.of(finding.path, at_key=finding.at_key)
        return Problem(self.place(position), finding.message, finding.remedy, position)
