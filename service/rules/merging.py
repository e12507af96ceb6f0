"""Several files as one configuration: accounts and handlers by name, rules and alarms in order. Pure.

What stands in two files is an error that names both places: no file is above another.
"""

from typing import Any

from service.rules.document import Document, read_document
from service.rules.files import ConfigurationFiles
from service.rules.positions import Positions
from service.rules.problems import KeyPath, Problem

_BY_NAME = frozenset({"accounts", "handlers"})
_IN_ORDER = frozenset({"rules", "alarms"})


def read_documents(files: ConfigurationFiles) -> Document:
    """Read the files of a configuration as one document. Raises nothing: what is wrong is in `problems`."""
    documents = [read_document(text, name) for name, text in files.texts]
    if not files.is_directory:
        return documents[0]
    merged = _Merged(files.name)
    for document in documents:
        merged.take(document)
    complete = all(isinstance(document.tree, dict) for document in documents)
    return Document(merged.tree, merged.positions, merged.problems, is_complete=complete)


class _Merged:
    """What the files so far give together."""

    def __init__(self, name: str) -> None:
        self.tree: dict[str, Any] = {}
        self.positions = Positions(name, of_files=True)
        self.problems: list[Problem] = []

    def take(self, document: Document) -> None:
        """Add one more file."""
        self.problems += document.problems
        if not isinstance(document.tree, dict):
            if not document.problems:
                self._note_no_mapping(document)
            return
        if "version" not in document.tree:
            self._report(document, (), "`version` is missing", "write `version: 1` in each file")
        moved: dict[KeyPath, KeyPath] = {}
        for key, value in document.tree.items():
            self._take_section(document, key, value, moved)
        self.positions.adopt(document.positions, moved)

    def _take_section(self, document: Document, key: str, value: Any, moved: dict[KeyPath, KeyPath]) -> None:
        there = self.tree.get(key)
        if key == "version":
            self._take_version(document, value, moved)
        elif value is None:
            return  # a section whose lines are all commented out
        elif there is None:
            self.tree[key] = value
            moved[(key,)] = (key,)
        elif key in _BY_NAME and isinstance(there, dict) and isinstance(value, dict):
            self.tree[key] = self._with_names(document, key, there, value, moved)
        elif key in _IN_ORDER and isinstance(there, list) and isinstance(value, list):
            self.tree[key] = self._in_order(key, there, value, moved)
        elif key in _BY_NAME | _IN_ORDER:
            shape = "a mapping of names" if key in _BY_NAME else "a list, like [a, b]"
            self._report(document, (key,), f"`{key}` should be {shape} in each file")
        else:
            self._report_twice(document, (key,), f"`{key}` stands in two files")

    def _take_version(self, document: Document, version: Any, moved: dict[KeyPath, KeyPath]) -> None:
        if "version" not in self.tree:
            self.tree["version"] = version
            moved[("version",)] = ("version",)
        elif version != self.tree["version"]:
            self._report_twice(document, ("version",), "`version` is not that of the others")

    def _with_names(
        self,
        document: Document,
        section: str,
        there: dict[str, Any],
        more: dict[str, Any],
        moved: dict[KeyPath, KeyPath],
    ) -> dict[str, Any]:
        for name in more.keys() & there.keys():
            what = f"the {section.removesuffix('s')} `{name}` stands in two files"
            self._report_twice(document, (section, name), what)
        new = {name: value for name, value in more.items() if name not in there}
        moved.update({(section, name): (section, name) for name in new})
        return there | new

    def _in_order(
        self, section: str, there: list[Any], more: list[Any], moved: dict[KeyPath, KeyPath]
    ) -> list[Any]:
        together = list(there)
        for index, value in enumerate(more):
            if section == "alarms" and value in there:
                continue  # who is told of alarms is told once, in however many files it stands
            moved[section, index] = (section, len(together))
            together.append(value)
        return together

    def _report_twice(self, document: Document, path: KeyPath, message: str) -> None:
        first = self.positions.place(self.positions.of(path, at_key=True))
        self._report(document, path, message, f"first in {first}")

    def _note_no_mapping(self, document: Document) -> None:
        if document.tree is None:
            self._report(document, (), "is empty", "remove the file, or write `version: 1` and a section")
        else:
            self._report(document, (), "should be a mapping of keys to values", "begin with version: 1")

    def _report(self, document: Document, path: KeyPath, message: str, remedy: str | None = None) -> None:
        position = document.positions.of(path, at_key=True)
        self.problems.append(Problem(document.positions.place(position), message, remedy, position))
