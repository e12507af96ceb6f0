"""Dates of Onspring: kept and sent in UTC ("Dates and Times" of its page)."""

from datetime import UTC, datetime


def wire(moment: datetime) -> str:
    """Write a date as field data has it: `2023-02-15T06:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def shown(moment: datetime, *, long: bool = False) -> str:
    """Write a date as people see it: `12/31/2021 6:00 AM`, or `Friday, December 31, 2021 6:00 AM`."""
    clock = f"{moment.hour % 12 or 12}:{moment:%M %p}"
    if long:
        return f"{moment:%A, %B} {moment.day}, {moment.year} {clock}"
    return f"{moment.month}/{moment.day}/{moment.year} {clock}"


def read_moment(text: str) -> datetime:
    """Read what a save or filter may hold: ISO 8601 (UTC if it does not say), or `12/25/2021 [6:00 AM]`.

    Raises ValueError.
    """
    for form in ("%m/%d/%Y", "%m/%d/%Y %I:%M %p"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
