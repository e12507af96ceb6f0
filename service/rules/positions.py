"""Where each key and value of a configuration stands, and in which of its files. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from service.rules.problems import Finding, KeyPath, Position, Problem


class Marks(NamedTuple):
    """The positions of one entry. A list's elements have no key: both are the same."""

    key: Position
    value: Position


class Positions:
    """The position of every path of a file, or of several as one (`adopt`).

    Paths that are not there lead to the nearest one above.
    """

    def __init__(self, file_name: str, *, of_files: bool = False) -> None:
        """Take the name to show; `of_files`: it is the directory of the files, and no place is in itself."""
        self._file_name = file_name
        start = Position(0, 0, file_name) if of_files else Position(1, 1, file_name)
        self._marks: dict[KeyPath, Marks] = {(): Marks(start, start)}

    def add(self, path: KeyPath, key: Position, value: Position) -> None:
        """Note where an entry stands; the first one stays."""
        self._marks.setdefault(path, Marks(self.here(key), self.here(value)))

    def adopt(self, other: "Positions", moved: Mapping[KeyPath, KeyPath]) -> None:
        """Take over what stands in another file at these paths (of one or two steps), and below, as ours."""
        for path, marks in other._marks.items():  # noqa: SLF001  of the same class
            for length in (1, 2):
                if (ours := moved.get(path[:length])) is not None and len(path) >= length:
                    self._marks.setdefault((*ours, *path[length:]), marks)

    def here(self, position: Position) -> Position:
        """The position, said to be in this file."""
        return position._replace(file=self._file_name)

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
        name = position.file or self._file_name
        return f"{name}:{position.line}:{position.column}" if position.line else name

    def problem(self, finding: Finding) -> Problem:
        """A finding, with its place in the file."""
        position = self.of(finding.path, at_key=finding.at_key)
        return Problem(self.place(position), finding.message, finding.remedy, position)
