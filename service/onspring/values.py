"""Values on their way to Onspring, as JSON. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service.errors import RelayError

_MOST_DIGITS = 300  # a float ends soon after


class UnfitValueError(RelayError, ValueError):
    """A value is nothing that Onspring can be told; the text says why. Nothing was sent."""


def write_moment(moment: datetime) -> str:
    """Write an aware moment in UTC: `2023-02-15T06:00:00Z` (vendor's page, "Dates and Times").

    Raises UnfitValueError for a naive one: the API takes UTC, and which moment it is would be a guess.
    """
    if moment.utcoffset() is None:
        raise UnfitValueError(f"{moment.isoformat()} has no time zone; give it one: dates are sent in UTC")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def write_decimal(number: Decimal) -> int | float:
    """The JSON number that is exactly this one. Raises UnfitValueError where there is none."""
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise UnfitValueError(f"{number} is no number that JSON can write")
    if number == number.to_integral_value():
        return int(number)
    if Decimal(repr(float(number))) != number:
        raise UnfitValueError(f"{number} has more digits than a JSON number keeps")
    return float(number)


def write_value(value: Any) -> Any:
    """Make JSON of aware datetimes, decimals, GUIDs, and of lists of these; JSON stays as it is.

    Raises UnfitValueError for anything else, naive datetimes and dates without a time among them.
    """
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        raise UnfitValueError(
            f"{value.isoformat()} is a day without a time; date fields hold moments: give an aware datetime"
        )
    if isinstance(value, Decimal):
        return write_decimal(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): write_value(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [write_value(member) for member in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise UnfitValueError(f"{type(value).__name__} is nothing that a field can hold")
