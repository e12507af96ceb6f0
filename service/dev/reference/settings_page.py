"""The page of settings, written from the registry itself."""

from datetime import timedelta

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from service.clock import format_duration
from service.config import Settings
from service.dev.reference.markdown import code, table

_HEAD = """\
# Settings

Environment variables, read once when a process starts. A wrong value is an error that names the variable.
Durations are written with a unit: `250ms`, `5s`, `2m`, `1h`, `7d`.

This page is generated: `make docs` writes it from `service/config.py`.
"""


def render_settings() -> str:
    """Write the page as Markdown: what a user sets, then the periods, which few need to touch."""
    fields = list(Settings.model_fields.values())
    periods = [field for field in fields if isinstance(field.default, timedelta)]
    places = [field for field in fields if field not in periods]
    return _HEAD + _section("What you set", places) + _section("Periods", periods)


def _section(title: str, fields: list[FieldInfo]) -> str:
    rows = [(code(field.alias or ""), _default(field), field.description or "") for field in fields]
    return f"\n## {title}\n\n{table(('variable', 'default', 'meaning'), rows)}"


def _default(field: FieldInfo) -> str:
    if field.default is None or isinstance(field.default, SecretStr):  # a secret has no default to show
        return "none"
    if isinstance(field.default, timedelta):
        return code(format_duration(field.default))
    return code(field.default)
