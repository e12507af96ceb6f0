"""Days and moments: read only in the forms that Fusioo has, written so that it takes them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.moments import read_day, read_moment, read_stamp, write_moment

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "text", ["2024-02-31", "2024-9-30", "30.09.2024", "2024-09-30T00:00:00", "", "٢٠٢٤-٠٩-٣٠", None, 20240930]
)
def test_what_is_no_day_is_not_made_one(text: object) -> None:
    assert read_day(text) is None


def test_a_moment_has_the_offset_that_came_or_none() -> None:
    seen = read_moment("2016-09-15T07:00:00-0500")
    assert seen == datetime(2016, 9, 15, 12, tzinfo=UTC)
    assert seen.utcoffset() == timedelta(hours=-5)
    assert read_moment("2023-09-23T20:07:12") == datetime(2023, 9, 23, 20, 7, 12)  # noqa: DTZ001  no offset came
    assert read_moment("2024-09-30T25:00:00") is None
    assert read_moment("2024-09-30") is None


def test_a_stamp_without_an_offset_is_utc_unless_said_otherwise() -> None:
    text = "2023-09-23T20:07:12"
    assert read_stamp(text) == datetime(2023, 9, 23, 20, 7, 12, tzinfo=UTC)
    assert read_stamp(text, ZoneInfo("Europe/Berlin")) == datetime(2023, 9, 23, 18, 7, 12, tzinfo=UTC)
    assert read_stamp(f"{text}+02:00", ZoneInfo("Asia/Tokyo")) == datetime(2023, 9, 23, 18, 7, 12, tzinfo=UTC)


def test_a_stamp_beyond_the_calendar_is_none() -> None:
    assert read_stamp("0001-01-01T00:00:00+0500") is None


def test_a_moment_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        write_moment(datetime(2024, 9, 30, 7))  # noqa: DTZ001  that is the case here


def test_an_offset_of_seconds_is_written_in_utc() -> None:
    amsterdam_once = timezone(timedelta(minutes=19, seconds=32))
    assert write_moment(datetime(1900, 1, 1, 12, tzinfo=amsterdam_once)) == "1900-01-01T11:40:28+0000"


@given(st.datetimes(timezones=OFFSETS))
def test_a_written_moment_reads_back_to_the_second(moment: datetime) -> None:
    back = read_moment(write_moment(moment))
    assert back is not None
    assert (back, back.utcoffset()) == (moment.replace(microsecond=0), moment.utcoffset())


@given(st.dates())
def test_a_written_day_reads_back(day: date) -> None:
    assert read_day(day.isoformat()) == day
