"""Days and moments as Fusioo writes them. Pure.

Days (`2024-09-30`) have no zone and are never shifted by one. Date-times are accepted as
`2016-09-15T07:00:00-0500`, with an offset without a colon (vendor facts, value table). System stamps
(`2023-09-23T20:07:12`) have no offset and are taken for UTC; their resolution is one second.
"""

import re
from datetime import UTC, date, datetime, tzinfo

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def read_day(text: object) -> date | None:
    """The day that `2024-09-30` names; None for anything else."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:  # the shape is right, the calendar is not: 2024-02-31
        return None


def read_moment(text: object) -> datetime | None:
    """The moment that `2024-09-30T07:00:00-0500` names, naive where it has no offset; None otherwise."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def read_stamp(text: object, zone: tzinfo = UTC) -> datetime | None:
    """A system stamp as an aware moment in UTC; None for anything else.

    `zone` is where a stamp without an offset was written; no page says which one, so UTC is taken.
    """
    moment = read_moment(text)
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # in the first or last hours of the calendar
        return None


def write_moment(moment: datetime) -> str:
    """Write an aware moment as `2016-09-15T07:00:00-0500`; fractions of a second are cut off.

    Raises ValueError for a naive one.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; give it one, or pass a date")
    if offset.total_seconds() % 60:
        moment = moment.astimezone(UTC)  # the form has no place for an offset's seconds
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + f"{moment:%z}"
