"""The page of the API, written from its document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from service.dev.reference.markdown import code, table
from service.web.api.document import PREFIX, document
from service.web.api.parameters import MOST
from service.web.api.table import OPERATIONS

_HEAD = f"""\
# The API

What the commands show, for programs: the web process answers `GET` below `{PREFIX}` to whoever carries the
admin token, `Authorization: Bearer $RELAY_ADMIN_TOKEN`. Without `RELAY_ADMIN_TOKEN` set there is no such
path. It only reads. The objects are those that the commands print with `--json`; times are in UTC.
`{PREFIX}/openapi.json` describes all of it for tools (OpenAPI 3.1).

A listing is a page, `{{"items": [...], "next": "..."}}`: at most `limit` things ({MOST} is the most), the
newest first where nothing else is said. Give `next` as `cursor`, with the same other parameters, for the page
behind it; null says that there is none. What comes in meanwhile moves no page.

What goes wrong is told as `application/problem+json` (RFC 9457):

```json
{{
  "type": "about:blank",
  "title": "Bad Request",
  "status": 400,
  "detail": "limit: Input should be less than or equal to {MOST}",
  "parameter": "limit"
}}
```

This page is generated: `make docs` writes it from the API's own document.
"""


def render_api() -> str:
    """Write the page as Markdown."""
    described = document(OPERATIONS)
    paths: Mapping[str, Any] = described["paths"]
    rows = ((_linked(path), each["get"]["summary"]) for path, each in paths.items())
    components = described["components"]
    errors = (
        (status, components["responses"][_name(each["$ref"])]["description"])
        for status, each in next(iter(paths.values()))["get"]["responses"].items()
        if "$ref" in each
    )
    operations = "".join(_operation(path, each["get"]) for path, each in paths.items())
    objects = "".join(_object(name, each) for name, each in components["schemas"].items())
    return (
        f"{_HEAD}\n{table(('status', 'when'), errors)}\n## Paths\n\n{table(('path', 'what it tells'), rows)}"
        f"{operations}\n## Objects\n{objects}"
    )


def _operation(path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        (code(each["name"]), _takes(each["schema"]), each["description"])
        for each in operation.get("parameters", ())
    ]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    items = schema.get("properties", {}).get("items")
    tells = f"A page of {_type(items['items'])}." if items else f"Tells one {_type(schema)}."
    parameters = f"\n{table(('parameter', 'takes', 'meaning'), rows)}" if rows else ""
    return f"\n### {code(path)}\n\n{operation['summary']} {tells}\n{parameters}"


def _object(name: str, schema: Mapping[str, Any]) -> str:
    told = schema.get("description", "")
    if "properties" not in schema:
        return f"\n### {name}\n\n{told} {_type(schema)}.\n"
    rows = (
        (code(field), _type(each), each.get("description", ""))
        for field, each in schema["properties"].items()
    )
    return f"\n### {name}\n\n{told}\n\n{table(('field', 'type', 'meaning'), rows)}"


def _takes(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum", 0)
    bounds = f", {least} to {most}" if least and most <= MOST else ""
    default = schema.get("default")
    told = "" if default is None else f", default {code(json.dumps(default))}"
    return f"{_type(schema)}{bounds}{told}"


def _type(schema: Mapping[str, Any]) -> str:
    """How people call the type of a value."""
    if "$ref" in schema:
        name = _name(schema["$ref"])
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(code(each) for each in schema["enum"])
    return " or ".join(_words(kind, schema) for kind in _kinds(schema))


def _kinds(schema: Mapping[str, Any]) -> Sequence[str]:
    kinds = schema.get("type", "any value")
    return [kinds] if isinstance(kinds, str) else kinds


def _words(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    return _WORDS.get(schema.get("format", kind), kind)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _linked(path: str) -> str:
    anchor = "".join(each for each in path.lower() if each.isalnum() or each in "-_")
    return f"[{code(path)}](#{anchor})"


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "date-time": "time",
    "uuid": "id (UUID)",
}
