"""The whole of `relay.yaml` as a JSON Schema that editors understand (draft 2020-12). Pure.

It is made of the types that read the file, and lets through whatever they let through: editors must not
complain of what works. What looks across the file (names that exist, fields of apps) it can't say.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.rules.json_schema import SchemaGenerator
from service.rules.schema import RelayFile

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE: Schema = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}",
    "description": "`${VAR}`, put in from the environment.",
}
_SIMPLE = frozenset({"string", "integer", "number", "boolean"})
_REQUIRED = frozenset({"version", "accounts"})
"""The sections that may not be left empty."""
_VALUES: Mapping[str, list[str]] = {
    "value": ["string", "number", "boolean", "null", "array"],
    "one value": ["string", "number", "boolean", "array"],
    "list of values": ["array", "string", "number", "boolean"],
    "number, date or moment": ["number", "string", "array"],
}
"""Which forms the operands of conditions may have; the types look closer."""


def editor_schema(kinds: Mapping[str, type[BaseModel]]) -> Schema:
    """Describe the file with these handler kinds: their options, by name."""
    sections: list[type[BaseModel]] = [RelayFile, *kinds.values()]
    written, shared = models_json_schema(
        [(section, "validation") for section in sections], schema_generator=SchemaGenerator
    )
    definitions: Schema = shared["$defs"]
    handler = definitions["Handler"]
    options = {name: _options(written[kind, "validation"], definitions) for name, kind in kinds.items()}
    handler["properties"] |= options
    handler["additionalProperties"] = False
    handler["oneOf"] = [{"required": [name]} for name in kinds]
    file = definitions.pop("RelayFile")
    for name, section in file["properties"].items():
        if name not in _REQUIRED:
            file["properties"][name] = _or(section, {"type": "null"})
    complete = {**file, "$defs": {**definitions, "Variable": _VARIABLE}}
    return {"$schema": _DRAFT, "title": "relay.yaml", **_rewritten(complete, _for_editors)}


def _options(reference: Schema, definitions: Schema) -> Schema:
    """The options of a kind; where none is required, its name alone will do."""
    options = definitions[reference["$ref"].rpartition("/")[2]]
    return reference if options.get("required") else _or(reference, {"type": "null"})


def _rewritten(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """Change every schema within a schema, the inner ones first; examples and defaults are values."""
    if not isinstance(schema, dict):
        return schema
    new: Schema = {}
    for key, value in schema.items():
        if key in {"properties", "patternProperties", "$defs"}:
            new[key] = {name: _rewritten(each, change) for name, each in value.items()}
        elif key in {"anyOf", "oneOf"}:
            new[key] = [_rewritten(each, change) for each in value]
        elif key in {"items", "additionalProperties"}:
            new[key] = _rewritten(value, change)
        else:
            new[key] = value
    return change(new)


def _for_editors(schema: Schema) -> Schema:
    schema.pop("title", None)  # the key once more, with a capital
    if "patternProperties" in schema:
        schema.pop("propertyNames", None)  # says only what such a name is called
        schema.setdefault("additionalProperties", False)
    operand = _VALUES.get(schema.get("x-type", ""))
    if operand is not None and "type" not in schema:
        return {**schema, "type": operand}
    alone = schema.pop("x-alone", None)
    if alone is not None:
        return _or(schema, schema["items"] if alone == "items" else schema["properties"][alone])
    return _or(schema, {"$ref": "#/$defs/Variable"}) if _refuses_variables(schema) else schema


def _refuses_variables(schema: Schema) -> bool:
    """Whether it takes simple values of a form that `${VAR}` does not have."""
    written = schema.get("type", [])
    types = {written} if isinstance(written, str) else set(written)
    if schema.get("pattern") == _VARIABLE["pattern"] or "const" in schema or not types & _SIMPLE:
        return False
    return "string" not in types or "pattern" in schema or "enum" in schema


def _or(schema: Schema, other: Schema) -> Schema:
    """Either of the two; what is said of the first is said of both."""
    said: Schema = {key: schema[key] for key in ("description", "default", "examples") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in said}
    return {**said, "anyOf": [rest, other]}
