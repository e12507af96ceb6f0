"""Errors of the types in the words of `relay.yaml`: where, what, and what was probably meant. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.rules.advice import on_unknown_key, on_wrong_shape
from service.rules.positions import Positions
from service.rules.problems import Finding, KeyPath

_MESSAGES = {
    "string_type": "should be a text",
    "string_too_short": "should not be empty",
    "model_type": "should be a mapping of keys to values",
    "dict_type": "should be a mapping of keys to values",
    "tuple_type": "should be a list, like [a, b]",
    "frozen_set_type": "should be a list, like [a, b]",
    "too_short": "should not be empty",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "string_pattern_mismatch": "should not have such characters",
}
_OF_A_SECTION = ("has ", "needs ")
"""How the messages of a whole section begin: they belong to its key, not to its first value."""


def explain(
    error: ValidationError, model: type[BaseModel], positions: Positions, *, under: KeyPath = ()
) -> Iterator[Finding]:
    """The findings behind an error of `model`, whose data stands in the file under a path."""
    for details in error.errors(include_url=False, include_input=False):
        yield _finding(details, model, positions, under)


def _finding(details: ErrorDetails, model: type[BaseModel], positions: Positions, under: KeyPath) -> Finding:
    steps = (*under, *details["loc"])
    at_key = bool(steps) and steps[-1] == "[key]"
    path = positions.follow(steps[:-1] if at_key else steps)
    if details["type"] == "extra_forbidden":
        return _unknown_key(path, model, under)
    if details["type"] == "missing":
        return Finding(path, f"`{steps[-1]}` is missing", "add it", at_key=True)
    advice = on_wrong_shape(details["type"], _section_at(model, path[len(under) :]), path)
    if advice is not None and not at_key:
        return Finding(path, *advice)
    message = _MESSAGES.get(details["type"]) or details["msg"]
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    of_section = message.startswith(_OF_A_SECTION)
    if path and isinstance(path[-1], str) and not at_key and message.startswith(("should", *_OF_A_SECTION)):
        message = f"`{path[-1]}` {message}"
    return Finding(path, message, at_key=at_key or of_section)


def _unknown_key(path: KeyPath, model: type[BaseModel], under: KeyPath) -> Finding:
    key = str(path[-1])
    section = _section_at(model, path[len(under) : -1])
    known = [field.alias or name for name, field in section.model_fields.items()] if section else []
    return Finding(path, *on_unknown_key(section, key, known), at_key=True)


def _section_at(annotation: Any, path: Sequence[str | int]) -> type[BaseModel] | None:
    """The section that stands at a path below a type; None where none does."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _below(annotation, path) if path else annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return _section_at(inner[1], path[1:]) if path else None
    if origin is tuple:
        return _section_at(inner[0], path[1:]) if path else None
    found = (_section_at(each, path) for each in inner)  # Annotated and unions: look through them
    return next((section for section in found if section), None)


def _below(section: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    for name, field in section.model_fields.items():
        if path[0] == (field.alias or name):
            return _section_at(field.annotation, path[1:])
    extras = section.__annotations__.get("__pydantic_extra__")
    return _section_at(extras, path) if extras else None
