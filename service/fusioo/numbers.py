"""Numbers, in JSON and as some old apps write them: in texts. Pure."""

import math
import re
from decimal import Decimal

from service.fusioo.problems import MisfitError

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_MOST_DIGITS = 300  # a float ends soon after


def is_number(value: object) -> bool:
    """Is it a number that JSON can write? A boolean is none."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def read_decimal(text: str) -> int | float:
    """The number that a plain decimal text stands for. Raises MisfitError for any other text."""
    if not _DECIMAL.fullmatch(text):
        raise MisfitError("is a text that is no plain decimal number")
    return float(text) if "." in text else int(text)


def write_decimal(number: Decimal) -> int | float:
    """The JSON number that is exactly this one. Raises MisfitError where there is none."""
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        raise MisfitError(f"{number} is no number that JSON can write")
    if number == number.to_integral_value():
        return int(number)
    if Decimal(repr(float(number))) != number:
        raise MisfitError(f"{number} has more digits than a JSON number keeps")
    return float(number)
