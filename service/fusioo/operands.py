"""What a filter compares with, as the API takes it. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from service.fusioo.moments import write_moment
from service.fusioo.numbers import is_number, write_decimal
from service.fusioo.problems import MisfitError, shown

Operand: TypeAlias = str | int | float | bool | Decimal | date | datetime


def write_operand(value: Any) -> Any:
    """Make JSON of dates, aware datetimes, decimals, and of lists of these; JSON stays as it is.

    Raises ValueError for anything else, a naive datetime among them.
    """
    if isinstance(value, list | tuple):
        return [write_operand(member) for member in value]
    if isinstance(value, Mapping):  # no condition that is known takes one
        return {str(key): write_operand(member) for key, member in value.items()}
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return write_decimal(value)
    if value is None or isinstance(value, str | bool) or is_number(value):
        return value
    raise MisfitError(f"{shown(value)} is nothing that a filter can compare with")
