"""Ids as the relay writes them, as texts, and as Onspring does, as numbers. Pure."""

from service.onspring.errors import NoSuchAppError

_LARGEST = 2**31 - 1
"""Ids are 32-bit numbers (vendor's page, "integer"): a larger one would spoil the call for all the others."""


def number_in(text: str) -> int | None:
    """The number of an id; None for what can be no id: Onspring's are positive and have no zeros in front."""
    if not (text.isascii() and text.isdecimal()) or text.startswith("0") or len(text) > len(str(_LARGEST)):
        return None
    number = int(text)
    return number if number <= _LARGEST else None


def app_number(text: str, *, endpoint: str) -> int:
    """The number of an app's id. Raises NoSuchAppError for what can be none, before it asks `endpoint`."""
    number = number_in(text)
    if number is None:
        raise NoSuchAppError(f"{text!r} is not the id of an app", endpoint=endpoint)
    return number
