"""YAML text to plain JSON values, with the position of each. Pure.

Stricter than YAML: no tags, no merge keys, no key twice; whole numbers as keys become texts, dates stay
texts. Aliases are followed, within a limit that stops a text which grows without end. What is wrong is said
without the words of the file, since a secret may begin with YAML's own signs (`!`, `*`): only keys are named.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from service.rules.positions import Positions
from service.rules.problems import KeyPath, Position, Problem
from service.rules.yaml_mistakes import explain_yaml

_MOST_VALUES = 100_000
_DEEPEST = 50
_TAG = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "false": False}
_GUESSED = frozenset({"bool", "int", "float", "merge", "value"})
"""What YAML takes a text for by its looks. Other types come from a tag, which is the file's own word."""
_TAGGED = "a text that begins with ! is a tag, and tags are not allowed here"


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values and their positions. With problems, `tree` holds what could be read."""

    tree: Any
    positions: Positions
    problems: list[Problem] = field(default_factory=list)
    is_complete: bool = True
    """Of several files: whether all of them could be read, so that what the others say can be judged."""


def read_document(text: str, file_name: str) -> Document:
    """Read a YAML text of one document. Raises nothing: what is wrong is in `problems`."""
    reader = _Reader(Positions(file_name))
    try:
        yaml = YAML(typ="safe", pure=True)
        yaml.composer.warn_double_anchors = False  # YAML allows it; a warning would be noise
        root = yaml.compose(text)
        tree = reader.value(root, ()) if root is not None else None
    except MarkedYAMLError as error:
        mistake = explain_yaml(error, text)
        reader.report(_position(mistake.mark), mistake.message, mistake.remedy)
        tree = None
    except YAMLError as error:
        reader.report(Position(1, 1), f"not YAML: {' '.join(str(error).split())}")
        tree = None
    except RecursionError:
        reader.report(Position(1, 1), "nested too deeply to be read")
        tree = None
    return Document(tree, reader.positions, reader.problems)


def _position(mark: StringMark | None) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


class _Reader:
    """Turns nodes into values, and remembers where they stood and what was wrong."""

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self.problems: list[Problem] = []
        self._values = 0

    def report(self, position: Position, message: str, remedy: str | None = None) -> None:
        here = self.positions.here(position)
        self.problems.append(Problem(self.positions.place(here), message, remedy, here))

    def value(self, node: Node, path: KeyPath) -> Any:
        self._values += 1
        if self._values > _MOST_VALUES or len(path) > _DEEPEST:
            limit = f"more than {_MOST_VALUES} values, or {_DEEPEST} levels"
            raise MarkedYAMLError(problem=f"too large: {limit}", problem_mark=node.start_mark)
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._element(child, (*path, index)) for index, child in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self.report(_position(node.start_mark), _TAGGED, "remove it")
        return None

    def _element(self, node: Node, path: KeyPath) -> Any:
        position = _position(node.start_mark)
        self.positions.add(path, position, position)
        return self.value(node, path)

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at_key = _position(key_node.start_mark)
            key = self._key(key_node, at_key)
            if key is None:
                continue
            if key in values:
                first = self.positions.of((*path, key), at_key=True)
                self.report(at_key, f"the key `{key}` stands here twice", f"first in line {first.line}")
                continue
            empty = isinstance(value_node, ScalarNode) and value_node.start_mark == value_node.end_mark
            at_value = at_key if empty else _position(value_node.start_mark)
            self.positions.add((*path, key), at_key, at_value)
            values[key] = self.value(value_node, (*path, key))
        return values

    def _key(self, node: Node, position: Position) -> str | None:
        tag = str(node.tag).removeprefix(_TAG)
        if not isinstance(node, ScalarNode) or tag not in {"str", "int", "merge"}:
            self.report(position, "a key should be a text or a whole number", "put it in quotes")
        elif tag == "merge":
            self.report(position, "merge keys (<<) are not supported", "write the keys out")
        elif "${" in node.value:
            self.report(position, "${…} is replaced in values only", "write the key out")
        else:
            return str(node.value)
        return None

    def _scalar(self, node: ScalarNode) -> Any:
        text, tag = str(node.value), str(node.tag).removeprefix(_TAG)
        try:
            if tag in {"str", "timestamp"}:
                return text
            if tag == "null":
                return None
            if tag == "bool":
                return _BOOLEANS[text.lower()]
            if tag == "int":
                return _whole_number(text.replace("_", ""))
            if tag == "float" and math.isfinite(number := float(text.replace("_", ""))):
                return number
        except (ValueError, KeyError):
            pass  # an explicit tag on something else, or a number too large: reported below
        message = f"can't be read as {tag}" if tag in _GUESSED else _TAGGED
        self.report(_position(node.start_mark), message, "put it in quotes")
        return None


def _whole_number(text: str) -> int:
    """YAML 1.2: `010` is ten, `0x10` sixteen, `0o10` eight."""
    return int(text, 0) if text.lstrip("+-").lower().startswith(("0x", "0o")) else int(text)
