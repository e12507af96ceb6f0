"""What a condition compares with, against the kind of its field. Pure.

Only what is surely wrong is named: a condition that could hold for some value of the field passes. The
meaning of conditions stands in `conditions`; names of people are not compared, for those who left are not
among a field's options.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.rules.conditions import equal
from service.rules.known_fields import LISTS, FieldKind, KnownField
from service.rules.problems import KeyPath, nearest
from service.rules.values import as_number, as_time, is_number, shown, unwrap


class Wrong(NamedTuple):
    """What is wrong with an operand. `path` leads to it from the condition: `(1,)` is its second element."""

    message: str
    remedy: str | None = None
    path: KeyPath = ()


_ONE_OF = "for one of several write contains_any: [A, B]"
_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""Options are compared as values are; no option depends on the day."""
_COULD_BE_AN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_YES, _NO = frozenset({"true", "yes", "y", "on", "1"}), frozenset({"false", "no", "n", "off", "0"})


def wrong_operands(condition: str, operand: Any, field: KnownField) -> Iterator[Wrong]:
    """Give what is wrong with a condition (`contains_any`) and its operand, on a field; nothing: it fits."""
    if field.kind is not FieldKind.ANY:
        yield from _CHECKS[condition](condition, operand, field)


def wrong_sides(sides: Mapping[str, Any], field: KnownField) -> Iterator[tuple[str, Wrong]]:
    """Give what is wrong with the values of a transition, by side: `from`, `to`."""
    for side, operand in sides.items():
        if isinstance(operand, str) and field.several and field.kind in LISTS:
            yield side, _whole_list(side, operand, field)
        else:
            yield from ((side, wrong) for wrong in wrong_operands("equal", operand, field))


def wrong_written(value: Any, field: KnownField) -> Iterator[Wrong]:
    """Give what is wrong with a value that is to be written into a field, where nothing stands for it."""
    if field.kind is FieldKind.ANY or value is None:
        return
    if field.kind in LISTS and not isinstance(value, list | tuple):
        yield Wrong(
            f"`{field.id}` holds {field.kind}, in a list also where it is one", f"write [{_written(value)}]"
        )
    elif isinstance(value, list | tuple) and field.kind not in LISTS:
        yield Wrong(f"`{field.id}` holds {field.kind}, and no list", "write one value, without brackets")
    else:
        yield from _check_each("equal", value, field)


def _whole_list(side: str, operand: str, field: KnownField) -> Wrong:
    name = field.id
    message = f"`{name}` can hold several values: `{side}: {operand}` means that {operand} is alone in it"
    has, has_not = f"{{{name}: {{contains: {operand}}}}}", f"{{{name}: {{does_not_contain: {operand}}}}}"
    what, before, after = ("taken away", has, has_not) if side == "from" else ("added", has_not, has)
    remedy = f"for one that was {what}: when_before: {before} and when: {after}; else write [{operand}]"
    return Wrong(message, remedy)


def _check_equal(condition: str, operand: Any, field: KnownField) -> Iterator[Wrong]:
    if isinstance(operand, list | tuple) and len(operand) > 1 and not _may_hold_several(field):
        yield Wrong(f"`{field.id}` never holds {len(operand)} values at once", _ONE_OF)
        return
    yield from _check_each(condition, operand, field)


def _check_contains(condition: str, operand: Any, field: KnownField) -> Iterator[Wrong]:
    several = isinstance(operand, list | tuple) and len(operand) > 1
    if condition == "contains_all" and several and not _may_contain_several(field):
        yield Wrong(f"`{field.id}` never holds {len(operand)} values at once", _ONE_OF)
        return
    yield from _check_each(condition, operand, field)


def _check_each(condition: str, operand: Any, field: KnownField) -> Iterator[Wrong]:
    listed = isinstance(operand, list | tuple)
    for index, value in enumerate(operand if listed else (operand,)):
        wrong = None if value is None else _VALUES[field.kind](condition, value, field)
        if wrong is not None:
            yield wrong._replace(path=(index,) if listed else ())


def _check_order(condition: str, operand: Any, field: KnownField) -> Iterator[Wrong]:
    bound = unwrap(operand)
    if field.kind is FieldKind.NUMBER and not is_number(bound):
        yield Wrong(f"`{field.id}` holds numbers, and {shown(bound)} is none", "write a number, like 1000")
    elif field.kind is FieldKind.TIME and is_number(bound):
        yield Wrong(f"`{field.id}` holds dates, and {shown(bound)} is none", "write a date, like 2024-09-30")
    else:
        reads = as_number if is_number(bound) else as_time
        yield from _check_readable(condition, "numbers and dates", field, reads)


def _check_days(condition: str, _operand: Any, field: KnownField) -> Iterator[Wrong]:
    if field.kind is FieldKind.NUMBER:
        yield Wrong(
            f"`{condition}` is for dates, and `{field.id}` holds {field.kind}", "use another condition"
        )
    else:
        yield from _check_readable(condition, "dates", field, as_time)


def _check_readable(
    condition: str, wanted: str, field: KnownField, reads: Callable[[Any], object]
) -> Iterator[Wrong]:
    """Texts may be numbers or dates, and so may options; the others never are."""
    may_be = field.kind not in LISTS | {FieldKind.FLAG}
    if field.kind is FieldKind.OPTIONS:
        may_be = not field.options or any(reads(option) is not None for option in field.options)
    if not may_be:
        remedy = "use contains_any" if field.kind in LISTS else "use equal"
        yield Wrong(f"`{condition}` is for {wanted}, and `{field.id}` holds {field.kind}", remedy)


def _check_nothing(_condition: str, _operand: Any, _field: KnownField) -> Iterator[Wrong]:
    return iter(())


def _may_hold_several(field: KnownField) -> bool:
    return field.kind in LISTS and field.several is not False


def _may_contain_several(field: KnownField) -> bool:
    return field.kind is FieldKind.TEXT or _may_hold_several(field)  # several letters stand in one text


def _wrong_text(condition: str, value: Any, field: KnownField) -> Wrong | None:
    if isinstance(value, str) or (is_number(value) and condition in {"equal", "not_equal"}):
        return None  # digits as a text equal the number
    return Wrong(
        f"`{field.id}` holds text, and {_written(value)} is none", f'put it in quotes: "{_written(value)}"'
    )


def _wrong_number(_condition: str, value: Any, field: KnownField) -> Wrong | None:
    if is_number(value):
        return None
    number = as_number(value)
    if number is not None:
        message = f'`{field.id}` holds numbers, and "{value}" in quotes is a text'
        return Wrong(message, f"write {number}, without quotes")
    return Wrong(f"`{field.id}` holds numbers, and {_written(value)} is none", "write a number, like 1000")


def _wrong_flag(_condition: str, value: Any, field: KnownField) -> Wrong | None:
    if isinstance(value, bool):
        return None
    word = str(value).casefold()
    meant = "true" if word in _YES else "false" if word in _NO else "true or false"
    return Wrong(
        f"`{field.id}` is either true or false, and {shown(value)} is neither",
        f"write {meant}, without quotes",
    )


def _wrong_time(condition: str, value: Any, field: KnownField) -> Wrong | None:
    of_letters = isinstance(value, str) and "contain" in condition  # a part of the date, as a text
    if of_letters or as_time(value) is not None:
        return None
    remedy = "write one like 2024-09-30, or a moment like 2024-09-30T07:00:00Z"
    return Wrong(f"`{field.id}` holds dates, and {_written(value)} is none", remedy)


def _wrong_option(condition: str, value: Any, field: KnownField) -> Wrong | None:
    if not field.options or any(equal(option, value, _ONCE).ok for option in field.options):
        return None
    text = _written(value)
    message = f"{text} is not one of the options of `{field.id}`"
    if "contain" in condition and any(text in option for option in field.options):
        message += ", and only whole ones are found"
    return Wrong(message, nearest(text, field.options))


def _wrong_link(_condition: str, value: Any, field: KnownField) -> Wrong | None:
    if not isinstance(value, bool) and _COULD_BE_AN_ID.fullmatch(str(value)):
        return None
    message = f"`{field.id}` holds {field.kind}, and {_written(value)} is no id"
    return Wrong(
        message,
        f"to ask for a field of the linked record write {field.id}.name: {{equal: {_written(value)}}}",
    )


def _wrong_name(_condition: str, value: Any, field: KnownField) -> Wrong | None:
    if isinstance(value, str):
        return None
    return Wrong(f"`{field.id}` holds {field.kind}, and {_written(value)} is none", "write a text")


def _written(value: Any) -> str:
    """A value as the file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


_VALUES: Mapping[FieldKind, Callable[[str, Any, KnownField], Wrong | None]] = {
    FieldKind.TEXT: _wrong_text,
    FieldKind.NUMBER: _wrong_number,
    FieldKind.FLAG: _wrong_flag,
    FieldKind.TIME: _wrong_time,
    FieldKind.OPTIONS: _wrong_option,
    FieldKind.LINKS: _wrong_link,
    FieldKind.NAMES: _wrong_name,
    FieldKind.FILES: _wrong_name,
}

_CHECKS: Mapping[str, Callable[[str, Any, KnownField], Iterator[Wrong]]] = {
    "equal": _check_equal,
    "not_equal": _check_equal,
    "contains": _check_contains,
    "does_not_contain": _check_contains,
    "contains_any": _check_contains,
    "contains_all": _check_contains,
    "greater_than": _check_order,
    "less_than": _check_order,
    "within_previous": _check_days,
    "within_next": _check_days,
    "is_today": _check_days,
    "has_no_value": _check_nothing,
}
