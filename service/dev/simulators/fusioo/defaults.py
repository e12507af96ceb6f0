"""What the provider adds to a new record by itself: default options and auto-numbers."""

from typing import Any

from service.dev.simulators.fusioo.schema import App, Field, FieldType
from service.dev.simulators.fusioo.state import FusiooState


def with_defaults(state: FusiooState, app: App, values: dict[str, Any]) -> dict[str, Any]:
    """Add the default option of every list field that is not given, and the next auto-numbers."""
    defaults = {field.id: [field.options["default"]] for field in app.fields if "default" in field.options}
    made = state.records.made_in(app.id)
    numbers = {field.id: _auto_number(field, made) for field in app.fields_of(FieldType.AUTO_NUMBER)}
    return {**defaults, **values, **numbers}


def _auto_number(field: Field, made: int) -> str | int:
    """Number from `start` on; with a `prefix` it is a text (seen: "GDX-22433" and 22433)."""
    number = int(field.options.get("start", 1)) + made
    prefix = field.options.get("prefix", "")
    return f"{prefix}{number}" if prefix else number
