"""A filter against the schema of its app, before a call is spent on it. Pure.

What is surely wrong is named with what to write instead; what nobody knows, as names of conditions that the
page does not have and fields of unknown types, passes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from service.fusioo.conditions import CONDITIONS, LISTS, UNTOLD, ConditionNames, Takes
from service.fusioo.filters import FieldCondition, Filter
from service.fusioo.kinds import SYSTEM_KINDS, FieldKinds, ValueKind
from service.fusioo.models import App, AppField
from service.fusioo.moments import read_day, read_moment
from service.fusioo.near import meant
from service.fusioo.numbers import is_number
from service.fusioo.problems import InvalidFilterError, Problem, shown

_INSTEAD_ON_LISTS = {"equal": "contains", "not_equal": "does_not_contain"}


def validate(
    conditions: Mapping[str, Any],
    app: App,
    *,
    kinds: FieldKinds | None = None,
    names: ConditionNames | None = None,
) -> None:
    """Check a Filter, or a plain one with the API's `names` of conditions.

    Options of lists are compared without case, as the page's own example does ("In Progress" finds
    "In progress"); names of users are not compared: those who left are not among a field's items. Raises
    InvalidFilterError, which names everything that is wrong.
    """
    asked = (
        conditions if isinstance(conditions, Filter) else Filter.parse(conditions, names or ConditionNames())
    )
    how = kinds or FieldKinds()
    problems = [
        Problem(condition.field_id, wrong)
        for condition in asked.conditions
        if (wrong := _wrong(condition, app, how.of(condition.field_id, app))) is not None
    ]
    if problems:
        raise InvalidFilterError(problems)


def _wrong(condition: FieldCondition, app: App, kind: ValueKind) -> str | None:
    field = app.field(condition.field_id)
    if field is None and condition.field_id not in SYSTEM_KINDS:
        return _unknown_field(condition.field_id, app)
    known = CONDITIONS.get(condition.name)
    if known is None:
        return None
    if kind not in known.kinds:
        return _wrong_kind(condition.name, kind)
    return _OPERAND_CHECKS[known.takes](condition, kind, field)


def _unknown_field(field_id: str, app: App) -> str:
    by_name = {field.name.casefold(): field.id for field in app.fields}
    if field_id.casefold() in by_name:
        return f"is the name of a field of {app.name}; its id is {by_name[field_id.casefold()]!r}"
    near = meant(field_id, (field.id for field in app.fields))
    return f"is not a field of {app.name} that the token may see{near}"


def _wrong_kind(name: str, kind: ValueKind) -> str:
    if kind in LISTS and name in _INSTEAD_ON_LISTS:
        return f"is a list, on which {name} finds nothing: use {_INSTEAD_ON_LISTS[name]}"
    fitting = ", ".join(other for other, known in CONDITIONS.items() if kind in known.kinds)
    return f"{name} does not work on a field of this type ({kind}): use one of {fitting}"


def _wrong_days(condition: FieldCondition, _kind: ValueKind, _field: AppField | None) -> str | None:
    days = condition.operand
    fits = isinstance(days, int) and not isinstance(days, bool) and days >= 0
    return None if fits else f"{condition.name} takes a whole number of days, not {shown(days)}"


def _wrong_flag(condition: FieldCondition, _kind: ValueKind, _field: AppField | None) -> str | None:
    fits = isinstance(condition.operand, bool)
    return None if fits else f"{condition.name} takes true or false, not {shown(condition.operand)}"


def _wrong_several(condition: FieldCondition, kind: ValueKind, field: AppField | None) -> str | None:
    members = condition.operand
    if not isinstance(members, list) or not members:
        return f"{condition.name} takes a list, like ['High', 'Critical'], not {shown(members)}"
    wrong = (_wrong_member(member, kind, field) for member in members)
    return next((reason for reason in wrong if reason), None)


def _wrong_one(condition: FieldCondition, kind: ValueKind, field: AppField | None) -> str | None:
    if isinstance(condition.operand, list):
        return f"{condition.name} takes one value: for several use contains_any or contains_all"
    return _wrong_member(condition.operand, kind, field)


def _wrong_member(operand: Any, kind: ValueKind, field: AppField | None) -> str | None:
    if operand is None:
        return "null can't be compared with: use has_no_value"
    if kind not in UNTOLD:
        wanted, fits = _WANTED[kind]
        if not fits(operand):
            return f"{shown(operand)} is not {wanted}"
    if kind is ValueKind.LIST and field is not None and field.items:
        return _unknown_option(str(operand), field.items)
    return None


def _unknown_option(text: str, items: tuple[str, ...]) -> str | None:
    if text.casefold() in {item.casefold() for item in items}:
        return None
    return f"{text!r} is not one of its options{meant(text, items)}"


def _is_text(operand: Any) -> bool:
    return isinstance(operand, str)


def _is_day(operand: Any) -> bool:
    return read_day(operand) is not None


def _is_day_or_moment(operand: Any) -> bool:
    moment = read_moment(operand)
    return _is_day(operand) or (moment is not None and moment.tzinfo is not None)


def _is_day_or_stamp(operand: Any) -> bool:
    return _is_day(operand) or read_moment(operand) is not None


_OPERAND_CHECKS: Mapping[Takes, Callable[[FieldCondition, ValueKind, AppField | None], str | None]] = {
    Takes.ONE: _wrong_one,
    Takes.SEVERAL: _wrong_several,
    Takes.DAYS: _wrong_days,
    Takes.FLAG: _wrong_flag,
}

_A_TEXT = ("a text", _is_text)

_WANTED: Mapping[ValueKind, tuple[str, Callable[[Any], bool]]] = {
    ValueKind.TEXT: _A_TEXT,
    ValueKind.NUMBER: ("a number", is_number),
    ValueKind.DATE: ("a day like 2024-09-30", _is_day),
    ValueKind.DATE_TIME: (
        "a day like 2024-09-30 or a moment with its offset like 2016-09-15T07:00:00-0500",
        _is_day_or_moment,
    ),
    ValueKind.DATE_RANGE: _A_TEXT,
    ValueKind.LIST: _A_TEXT,
    ValueKind.NAMES: _A_TEXT,
    ValueKind.LINKS: _A_TEXT,
    ValueKind.FILES: _A_TEXT,
    ValueKind.YES_NO: ("a boolean: write true or false, without quotes", lambda op: isinstance(op, bool)),
    ValueKind.STAMP: ("a day like 2023-09-23 or a moment like 2023-09-23T20:07:12", _is_day_or_stamp),
}
