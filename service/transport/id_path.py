"""Where a delivery's body keeps a record's id, if in no usual place: `payload.records[].key`. Pure."""

import re
from typing import Any

_NAME = r"[^.\[\]]+(?:\[\])?"
_PATH = re.compile(rf"\[\]|(?:\[\]\.)?({_NAME}(?:\.{_NAME})*)")


class IdPath:
    """Names of keys, split by dots. `[]` behind one: a list stands there, and each of its elements counts.

    `[]` alone, or in front, is the body itself, which may be an array without that being said.
    """

    def __init__(self, text: str) -> None:
        """Raises ValueError for what is no such path."""
        whole = _PATH.fullmatch(text)
        if whole is None:
            raise ValueError(
                f"{text!r} is no path to an id: write names split by dots, like payload.records[].id"
            )
        self.text = text
        parts = whole[1].split(".") if whole[1] else []
        self._steps = [(part.removesuffix("[]"), part.endswith("[]")) for part in parts]

    def find(self, element: Any) -> list[Any]:
        """Give what stands there in one element of a body: nothing, one value, or more by way of lists."""
        found = [element]
        for name, is_list in self._steps:
            values = [value[name] for value in found if isinstance(value, dict) and name in value]
            if is_list:
                values = [each for value in values for each in _elements(value)]
            found = values
        return [value for value in found if value is not None]

    def __repr__(self) -> str:
        return f"IdPath({self.text!r})"


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
