"""From values as Fusioo shows them and templates give them to what fields of Onspring take. Pure.

Vendor's page, "Save Record": list fields take GUIDs, references record ids, dates moments in UTC.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from service.handlers.builtin.plain_text import plain_text
from service.handlers.template_filters import in_text
from service.onspring.filters import Operand
from service.onspring.models import AppField, FormulaField, ListField, ListValue, ReferenceField, TimeSpan
from service.rules.problems import nearest
from service.rules.texts import is_html
from service.rules.values import as_number, as_time, unwrap

_WITH_FILES = frozenset({"Attachment", "Image"})
_COMPUTED = frozenset({"AutoNumber", "Formula"})
_TRUTHS = {True: ("Yes", "True"), False: ("No", "False")}
_KEY_TYPES: Mapping[str, str] = {"Numeric": "Number", "DateAndTime": "Date", "ListValue": "List"}


class Chosen(NamedTuple):
    """What a list field is to hold."""

    ids: tuple[str, ...]
    """Of the values that its list has."""
    missing: tuple[str, ...] = ()
    """Names that no value of its list has."""


def is_nothing(value: Any) -> bool:
    """Whether it empties a field."""
    return value is None or value in ("", [], {})


def is_computed(field: AppField) -> bool:
    """Whether Onspring sets the field itself."""
    return field.type in _COMPUTED


def written(field: AppField, value: Any, *, strip_html: bool = False) -> Any:
    """Give what a save takes for a field that is no list; None empties it.

    Raises ValueError for what the field can't hold, and for fields that no save writes.
    """
    if is_computed(field):
        raise ValueError(f"Onspring computes the field itself, as its type is {field.type}")
    if field.type in _WITH_FILES:
        raise ValueError("it holds files, which `onspring.attach` adds")
    if is_nothing(value):
        return None
    match field.type:
        case "Text":
            text = str(in_text(value))
            return (plain_text(text) if strip_html and is_html(text) else text) or None
        case "Number":
            return _number(value)
        case "Date":
            return _moment(value)
        case "Reference" | "SurveyReference":
            return _references(field, value)
    return value  # types that are not known, and time spans, are taken as they are


def chosen(field: ListField, value: Any) -> Chosen:
    """Find the values of a list by their names, or ids; a boolean is Yes or No, else True or False.

    A name as it is written counts first, then one that differs in capitals alone, if only one does.
    Raises ValueError for several values where one is allowed, and for a name that several may mean.
    """
    if is_nothing(value):
        return Chosen(())
    members = value if isinstance(value, list | tuple) else [value]
    ids: dict[str, None] = {}
    missing: dict[str, None] = {}
    for member in members:
        found = _meant(field, member)
        if found is not None:
            ids[found.id] = None
        else:
            missing[_name(member)] = None
    if len(ids) + len(missing) > 1 and not field.takes_several:
        raise ValueError(f"it takes one value, and {len(ids) + len(missing)} are given")
    return Chosen(tuple(ids), tuple(missing))


def of_ids(field: ListField, ids: tuple[str, ...]) -> Any:
    """Give what a save takes for these values of a list: several, the one, or None."""
    if not ids:
        return None
    return list(ids) if field.takes_several else ids[0]


def is_same(field: AppField, wanted: Any, held: Any) -> bool:
    """Whether a field holds already (`held`: its raw value, or None) what a save would write."""
    return bool(as_held(field, wanted) == as_held(field, held))


def as_held(field: AppField, value: Any) -> Any:  # noqa: PLR0911  one for each type
    """Give a raw value, or what a save takes, in a form that is equal where Onspring's is."""
    if isinstance(value, TimeSpan):
        value = value.model_dump(by_alias=True)
    if is_nothing(value):
        return None
    match field.type:
        case "Date":
            moment = value if isinstance(value, datetime) else as_time(value)
            return moment.replace(microsecond=0) if isinstance(moment, datetime) else value
        case "List":
            several = value if isinstance(value, list | tuple) else [value]
            return frozenset(str(each).lower() for each in several)
        case "Reference" | "SurveyReference":
            return frozenset(value if isinstance(value, list | tuple) else [value])
        case "Number" | "AutoNumber":
            number = as_number(value)
            return value if number is None else number
        case "TimeSpan" if isinstance(value, Mapping):
            return {name: member for name, member in value.items() if member not in (None, "None")}
    return value


def key_value(field: AppField, value: Any) -> Operand:
    """Give what a field is compared with to find a record.

    Raises ValueError for nothing, for several values and for what the field can't hold; LookupError for a
    name that no value of its list has.
    """
    one = unwrap(value)
    if is_nothing(one) or isinstance(one, list | tuple | Mapping):
        raise ValueError("it gives nothing to look for, or several values")
    kind = _KEY_TYPES.get(field.output_type, "Text") if isinstance(field, FormulaField) else field.type
    match kind:
        case "Text":
            return str(in_text(one))
        case "Number" | "AutoNumber":
            return _number(one)
        case "Date":
            return _moment(one)
        case "List" if isinstance(field, ListField):
            ids, missing = chosen(field, one)
            if missing:
                raise LookupError(absent_from(field, missing))
            return UUID(ids[0])
    raise ValueError(f"Onspring finds no record by a field of the type {field.type}")


def absent_from(field: ListField, missing: tuple[str, ...]) -> str:
    """Say that a list lacks some values, with the nearest that it has."""
    names = [value.name for value in field.values]
    near = [close for name in missing if (close := nearest(name, names))]
    listed = ", ".join(repr(name) for name in missing)
    message = f"the list of field {field.name or field.id!r} has no value {listed}"
    return "; ".join([message, *dict.fromkeys(near)])


def _meant(field: ListField, member: Any) -> ListValue | None:
    names = _TRUTHS[member] if isinstance(member, bool) else (_name(member),)
    for name in names:
        if (exact := field.value_named(name)) is not None:
            return exact
    for name in names:
        folded = [value for value in field.values if value.name.casefold() == name.casefold()]
        if len(folded) > 1:
            raise ValueError(f"several values of the list may be meant by {name!r}; write one as it stands")
        if folded:
            return folded[0]
    return next((value for value in field.values if value.id.lower() == names[0].lower()), None)


def _name(member: Any) -> str:
    if isinstance(member, bool):
        return _TRUTHS[member][0]
    if isinstance(member, list | tuple | Mapping) or is_nothing(member):
        raise ValueError("a list field takes texts, each the name of a value")
    return str(in_text(member)).strip()


def _number(value: Any) -> int | float:
    number = as_number(unwrap(value))
    if number is None:
        raise ValueError(f"it takes a number, and {_shown(value)} is none")
    return number


def _moment(value: Any) -> datetime:
    """A day is that day at 00:00 UTC, never shifted; a moment without an offset is UTC."""
    given = as_time(unwrap(value))
    if isinstance(given, datetime):
        return given.astimezone(UTC)
    if isinstance(given, date):
        return datetime.combine(given, time(), tzinfo=UTC)
    raise ValueError(f"it takes a date or a moment, and {_shown(value)} is none")


def _references(field: AppField, value: Any) -> Any:
    members = value if isinstance(value, list | tuple) else [value]
    ids = list(dict.fromkeys(_reference(member) for member in members))
    if isinstance(field, ReferenceField) and field.takes_several:
        return ids
    if len(ids) > 1:
        raise ValueError(f"it takes one record, and {len(ids)} are given")
    return ids[0]


def _reference(member: Any) -> int:
    if isinstance(member, str) and member.isascii() and member.isdecimal() and int(member):
        return int(member)
    if isinstance(member, int) and not isinstance(member, bool) and member > 0:
        return member
    message = f"it takes ids of Onspring's records, and {_shown(member)} is none; find them by `reference`"
    raise ValueError(message)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004  a line's worth
