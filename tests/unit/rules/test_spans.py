"""Dates, moments and date ranges as spans."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.spans import as_span, days_of

NOON = datetime(2024, 9, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-09-30", date(2024, 9, 30), date(2024, 9, 30)),
        ("2024-09-01|2024-09-30", date(2024, 9, 1), date(2024, 9, 30)),
        ("2024-09-30|2024-09-01", date(2024, 9, 1), date(2024, 9, 30)),
        (" 2024-09-01 | 2024-09-30 ", date(2024, 9, 1), date(2024, 9, 30)),
        ("2024-09-01|", date(2024, 9, 1), date(2024, 9, 1)),
        ("|2024-09-01", date(2024, 9, 1), date(2024, 9, 1)),
    ],
)
def test_a_span_begins_and_ends(text: str, first: date, last: date) -> None:
    assert as_span(text, NOON) == (first, last)


@pytest.mark.parametrize("text", ["", "|", "a|b", "2024-09-01|soon", "2024-02-31|2024-03-01", 5, None])
def test_what_is_no_span(text: object) -> None:
    assert as_span(text, NOON) is None


def test_a_range_of_moments_is_one_of_days_where_a_day_is_in_it() -> None:
    in_berlin = NOON.astimezone(ZoneInfo("Europe/Berlin"))
    span = as_span("2024-09-01T23:30:00Z|2024-09-30", in_berlin)
    assert span == (date(2024, 9, 2), date(2024, 9, 30))
    assert days_of(span, in_berlin) == span


def test_a_range_of_moments_has_its_ends_in_order_too() -> None:
    early, late = datetime(2024, 9, 1, 9, tzinfo=UTC), datetime(2024, 9, 1, 17, tzinfo=UTC)
    assert as_span(f"{late.isoformat()}|{early.isoformat()}", NOON) == (early, late)


@given(st.dates(), st.dates())
def test_a_range_has_its_ends_in_order(one: date, other: date) -> None:
    span = as_span(f"{one}|{other}", NOON)
    assert span == (min(one, other), max(one, other))
