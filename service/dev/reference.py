"""The page of settings, written from the registry itself: `python -m service.dev.reference`."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from service.clock import format_duration
from service.config import Settings

CONFIGURATION_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"

_HEAD = """\
# Settings

Environment variables, read once when a process starts. A wrong value is an error that names the variable.
Durations are written with a unit: `250ms`, `5s`, `2m`, `1h`, `7d`.

This page is generated: `make docs` writes it from `service/config.py`.
"""
_TABLE = """
## {title}

| variable | default | meaning |
|---|---|---|
{rows}
"""


def render_configuration() -> str:
    """Write the page as Markdown: what a user sets, then the periods, which few need to touch."""
    fields = list(Settings.model_fields.values())
    periods = [field for field in fields if isinstance(field.default, timedelta)]
    places = [field for field in fields if field not in periods]
    return _HEAD + _table("What you set", places) + _table("Periods", periods)


def _table(title: str, fields: list[FieldInfo]) -> str:
    rows = "\n".join(f"| `{field.alias}` | {_default(field)} | {field.description} |" for field in fields)
    return _TABLE.format(title=title, rows=rows)


def _default(field: FieldInfo) -> str:
    if field.default is None or isinstance(field.default, SecretStr):  # a secret has no default to show
        return "none"
    if isinstance(field.default, timedelta):
        return f"`{format_duration(field.default)}`"
    return f"`{field.default}`"


def main() -> None:
    """Write the page into the source tree."""
    CONFIGURATION_PAGE.write_text(render_configuration(), "utf-8")


if __name__ == "__main__":
    main()
