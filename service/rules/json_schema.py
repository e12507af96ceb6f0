"""A section of `relay.yaml` as JSON Schema, with defaults as people write them. Pure."""

from datetime import timedelta, tzinfo
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from service.clock import format_duration


class SchemaGenerator(GenerateJsonSchema):
    """Writes durations as `5s` and time zones by name, as the file does."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return format_duration(dft)
        if isinstance(dft, tzinfo):
            return str(dft)
        if isinstance(dft, tuple):
            return [self.encode_default(each) for each in dft]
        if isinstance(dft, frozenset):
            return sorted(self.encode_default(each) for each in dft)
        return super().encode_default(dft)

    def default_schema(self, schema: Any) -> dict[str, Any]:
        written = super().default_schema(schema)
        if written.get("x-type") == "share" and isinstance(written.get("default"), float):
            written["default"] = f"{written['default'] * 100:g}%"
        return written


def json_schema(section: type[BaseModel]) -> dict[str, Any]:
    """Describe a section, and below `$defs` all that it is made of.

    `x-type` says how people call a type that JSON Schema has no word for: `duration`, `share`, `address`.
    """
    return section.model_json_schema(schema_generator=SchemaGenerator)
