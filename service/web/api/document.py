"""The document of the API (OpenAPI 3.1), made from the table of its operations. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.web.api.operations import Operation
from service.web.api.parameters import Query
from service.web.api.schemas import Schema, view_schemas

PREFIX = "/api/v1"

_TITLE = "fusioo-relay"
_VERSION = "1"
_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("WrongParameter", "A parameter is unknown or wrong; `parameter` names it."),
    401: ("NotAdmitted", "The admin token is missing or wrong."),
    404: (
        "NotFound",
        "There is no such thing; or no admin token is set (`RELAY_ADMIN_TOKEN`), so there is no API.",
    ),
    503: ("NotNow", "It can't be answered now; `Retry-After` says when to ask again."),
}
_PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "parameter": {"type": "string", "description": "The parameter that is wrong."},
    },
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Describe the operations, and every object that they tell."""
    views, components = view_schemas([operation.view for operation in operations])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _TITLE,
            "version": _VERSION,
            "description": "What the commands show, for programs. It only reads. Times are in UTC.",
        },
        "security": [{"admin": []}],
        "paths": {
            PREFIX + operation.path: {"get": _operation(operation, view)}
            for operation, view in zip(operations, views, strict=True)
        },
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "responses": {name: _error(told) for name, told in _ERRORS.values()},
            "securitySchemes": {
                "admin": {"type": "http", "scheme": "bearer", "description": "`RELAY_ADMIN_TOKEN`"}
            },
        },
    }


def _operation(operation: Operation, view: Schema) -> dict[str, Any]:
    parameters = list(_parameters(operation))
    answer = _page(view) if operation.is_listing else view
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        **({"parameters": parameters} if parameters else {}),
        "responses": {
            "200": {
                "description": "A page." if operation.is_listing else "The object.",
                "content": {"application/json": {"schema": answer}},
            },
            **{
                str(status): {"$ref": f"#/components/responses/{name}"}
                for status, (name, _) in _ERRORS.items()
            },
        },
    }


def _page(view: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": view},
            "next": {
                "type": ["string", "null"],
                "description": "What to give as `cursor` for the next page; null: there is none.",
            },
        },
    }


def _error(told: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": told, "content": content}


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    schema = _parameter_schemas(operation.query)
    for name, field in operation.query.model_fields.items():
        in_path = f"{{{name}}}" in operation.path
        yield {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path or field.is_required(),
            "description": field.description or "",
            "schema": schema[name],
        }


def _parameter_schemas(query: type[Query]) -> dict[str, Schema]:
    """The schema of each parameter as it is sent: what may be left out has no null, and refers to nothing."""
    whole = query.model_json_schema()
    return {name: _sent(schema, whole) for name, schema in whole.get("properties", {}).items()}


def _sent(schema: Schema, whole: Schema) -> Schema:
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    (sent,) = choices
    if "$ref" in sent:
        sent = whole["$defs"][sent["$ref"].removeprefix("#/$defs/")]
    default = {"default": schema["default"]} if schema.get("default") is not None else {}
    return {name: each for name, each in sent.items() if name not in {"title", "description"}} | default
