"""The switches of a simulated provider: one name each for tests, control routes, command line and page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from service.dev.simulators.faults import AnswerFault, Hold

LISTED: Mapping[str, type] = {"answers": AnswerFault, "holds": Hold}
"""Sections of the faults that hold any number of entries."""


@dataclass(frozen=True)
class Switch:
    """One switch. `section` is a key of a `Register` or of `LISTED`; `default` is as JSON has it."""

    section: str
    key: str
    type: Any
    default: Any
    meaning: str

    @property
    def name(self) -> str:
        """Its key, with its section before a dot."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def default_text(self) -> str:
        """The default, as `read` takes it."""
        return _text(self.default)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it takes; empty if there are more than can be listed."""
        inner = _inner(self.type)
        if get_origin(inner) is Literal:
            named = [_text(value) for value in get_args(inner)]
        elif isinstance(inner, type) and issubclass(inner, StrEnum):
            named = [member.value for member in inner]
        else:
            return ()
        return (*named, *(["none"] if _takes_none(self.type) else []))

    def read(self, text: str) -> Any:
        """Turn what is written on a command line into a value that the section then checks.

        `none` is nothing; members of a list have commas between them, and headers are `Name=text`.
        """
        inner = _inner(self.type)
        match get_origin(inner):
            case kind if kind is Literal:
                return next((value for value in get_args(inner) if _text(value) == text), text)
            case kind if kind is tuple:
                return () if text == "none" else tuple(text.split(","))
            case kind if kind is dict:
                parts = [] if text == "none" else text.split(",")
                return {name: value for name, _, value in (part.partition("=") for part in parts)}
        return None if text == "none" and _takes_none(self.type) else text


def switches_of(section: str, owner: type) -> Iterator[Switch]:
    """List the switches of one section or entry."""
    adapter = TypeAdapter[Any](owner)
    defaults = adapter.dump_python(owner(), mode="json")
    for key, field in owner.__pydantic_fields__.items():  # type: ignore[attr-defined]  # pydantic adds it
        yield Switch(section, key, field.annotation, defaults[key], field.description or "")


@dataclass(frozen=True)
class Register:
    """All switches of one provider. `sections` says where they stand: settings and faults, by their names."""

    sections: Mapping[str, type]

    def switches(self) -> list[Switch]:
        """List the switches of all sections."""
        return [switch for section, owner in self.sections.items() for switch in switches_of(section, owner)]

    def fresh(self) -> dict[str, Any]:
        """Make every section as it is where nobody turned a switch."""
        return {name: owner() for name, owner in self.sections.items()}

    def turned(self, sections: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Copy sections with some switches, by their names, set to JSON values.

        Raises ValueError for an unknown switch, or a value that it does not take.
        """
        known = {switch.name: switch for switch in self.switches()}
        copies = {name: replace(section) for name, section in sections.items()}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name!r} is not a switch")
            try:
                setattr(copies[known[name].section], known[name].key, value)
            except ValidationError as error:
                raise ValueError(f"{name}: {_reason(error)}") from error
        return copies

    def shown(self, sections: Mapping[str, Any]) -> dict[str, Any]:
        """Write the sections as JSON values by the names of the switches."""
        plain = {
            name: TypeAdapter[Any](owner).dump_python(sections[name], mode="json")
            for name, owner in self.sections.items()
        }
        return {switch.name: plain[switch.section][switch.key] for switch in self.switches()}


def read_answer(text: str) -> AnswerFault:
    """Read a wrong answer as it is written on a command line: `status=503,share=0.1,path=/apps`.

    Raises ValueError.
    """
    known = {switch.key: switch for switch in switches_of("answers", AnswerFault)}
    values: dict[str, Any] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key not in known:
            raise ValueError(f"{key!r} is not one of {', '.join(known)}")
        values[key] = known[key].read(value)
    try:
        return AnswerFault(**values)
    except ValidationError as error:
        raise ValueError(_reason(error)) from error


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}, not {first['input']!r}"


def _text(value: Any) -> str:
    match value:
        case None | [] | {}:
            return "none"
        case bool():
            return str(value).lower()
        case list():
            return ",".join(map(_text, value))
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _takes_none(kind: Any) -> bool:
    return NoneType in get_args(kind)


def _inner(kind: Any) -> Any:
    """Take the None off a type."""
    return next(part for part in get_args(kind) if part is not NoneType) if _takes_none(kind) else kind
