"""Tables and values as Markdown."""

import io
from collections.abc import Iterable, Sequence

from ruamel.yaml import YAML

_LONGEST_LINE = 10_000


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a bar within a cell is escaped."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def code(text: str) -> str:
    """Write a text as code."""
    return f"`{text}`"


def in_yaml(key: str, value: object) -> str:
    """Write a key and its value as a line of YAML: `on: [create, update]`."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the library declares None
    yaml.width = _LONGEST_LINE
    stream = io.StringIO()
    yaml.dump({key: value}, stream)
    return stream.getvalue().strip().removeprefix("{").removesuffix("}")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
