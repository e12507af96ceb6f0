"""A section of `relay.yaml` as a table: every key with type, default, meaning and examples."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from service.dev.reference.markdown import code, in_yaml, table
from service.rules.json_schema import json_schema

_TITLES = ("key", "type", "default", "meaning", "for example")
_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "number": "number"}


class Key(NamedTuple):
    """What the page says of one key, as Markdown."""

    name: str
    type: str
    default: str
    meaning: str
    examples: str


def section_table(section: type[BaseModel], headings: Mapping[str, str]) -> str:
    """Write the table of a section; `headings` say under which heading each other one stands, by its type."""
    return table(_TITLES, keys_of(section, headings))


def keys_of(section: type[BaseModel], headings: Mapping[str, str]) -> list[Key]:
    """Describe every key of a section, in the order of its type."""
    schema = json_schema(section)
    definitions = schema.get("$defs", {})
    if "$ref" in schema:  # a section that holds itself
        schema = definitions[section.__name__]
    return [
        Key(
            code(key),
            _words(schema["properties"][key], definitions, headings),
            _default(key, schema["properties"][key]),
            field.description or "",
            " or ".join(code(in_yaml(key, example)) for example in field.examples or ()),
        )
        for name, field in section.model_fields.items()
        for key in [field.alias or name]
    ]


def _default(key: str, schema: Mapping[str, Any]) -> str:
    if "default" not in schema:
        return "required"
    default = schema["default"]
    return "none" if default in (None, [], {}) else code(in_yaml(key, default).partition(": ")[2])


def _words(schema: Mapping[str, Any], definitions: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    """What people call a type of JSON Schema."""
    match schema:
        case {"$ref": str(path)}:
            name = path.rpartition("/")[2]
            heading = headings.get(name)
            return _link(heading) if heading else _words(definitions[name], definitions, headings)
        case {"anyOf": list(choices)} | {"oneOf": list(choices)}:
            written = [choice for choice in choices if choice != {"type": "null"}]
            return " or ".join(_words(choice, definitions, headings) for choice in written)
        case {"type": "array", "items": inner}:
            return f"list of {_words(inner, definitions, headings)}"
        case {"additionalProperties": True}:
            return "mapping"
        case {"patternProperties": _} | {"additionalProperties": _}:
            return f"mapping to {_words(_value_of(schema), definitions, headings)}"
        case _:
            return _plain_words(schema)


def _value_of(mapping: Mapping[str, Any]) -> Any:
    """The type of a mapping's values, whatever is said of its keys."""
    by_pattern = mapping.get("patternProperties")
    return next(iter(by_pattern.values())) if by_pattern else mapping["additionalProperties"]


def _plain_words(schema: Mapping[str, Any]) -> str:
    """What people call a type that holds no other."""
    match schema:
        case {"x-type": str(name)}:
            return name
        case {"const": value}:
            return code(str(value))
        case {"enum": list(values)}:
            return ", ".join(map(code, values))
        case {"format": "password"}:
            return "secret"
        case _:
            return _WORDS[schema["type"]]


def _link(heading: str) -> str:
    return f"[{heading}](#{heading.lower().replace(' ', '-')})"
