"""Moments and time spans as they are read and written; what an empty field is to a filter."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.onspring.example import ESTIMATE, NAME, TASKS, example_state
from service.dev.simulators.onspring.filter_matching import matches
from service.dev.simulators.onspring.filter_parsing import parse_filter
from service.dev.simulators.onspring.moments import read_moment, shown, wire
from service.dev.simulators.onspring.time_spans import checked_time_span, time_span_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-02-15T06:00:00Z", "2023-02-15T06:00:00Z"),
        ("2023-02-15T06:00:00", "2023-02-15T06:00:00Z"),
        ("2023-02-15T08:00:00+02:00", "2023-02-15T06:00:00Z"),
        ("12/25/2021", "2021-12-25T00:00:00Z"),
        ("12/25/2021 1:05 PM", "2021-12-25T13:05:00Z"),
    ],
)
def test_moments_are_utc(text: str, expected: str) -> None:
    assert wire(read_moment(text)) == expected


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (0, "2/15/2023 12:00 AM"),
        (6, "2/15/2023 6:00 AM"),
        (12, "2/15/2023 12:00 PM"),
        (23, "2/15/2023 11:00 PM"),
    ],
)
def test_moments_as_people_see_them(hour: int, expected: str) -> None:
    moment = datetime(2023, 2, 15, hour, tzinfo=UTC)
    assert shown(moment) == expected
    assert shown(moment, long=True).startswith("Wednesday, February 15, 2023 ")


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year >= 1900))
def test_what_is_shown_can_be_read(moment: datetime) -> None:
    aware = moment.replace(second=0, microsecond=0)
    assert read_moment(shown(aware)) == aware
    assert read_moment(wire(aware)) == aware


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"quantity": 10, "increment": "Minutes"}, "10 Minute(s)"),
        (
            {
                "quantity": 11,
                "increment": "Seconds",
                "recurrence": "EndAfterOccurrences",
                "endAfterOccurrences": 1,
            },
            "Every 11 Second(s) End After 1 Occurrences",
        ),
        (
            {
                "quantity": 1,
                "increment": "Weeks",
                "recurrence": "EndByDate",
                "endByDate": "2023-02-15T06:00:00Z",
            },
            "Every 1 Week(s) End By 2/15/2023 6:00 AM",
        ),
    ],
)
def test_time_spans_as_people_see_them(span: dict[str, Any], text: str) -> None:
    assert time_span_text(checked_time_span(span)) == text


@pytest.mark.parametrize(
    "span",
    [
        "10 minutes",
        {"quantity": "10", "increment": "Minutes"},
        {"quantity": 10, "increment": "Minute"},
        {"quantity": 10, "increment": "Minutes", "recurrence": "Forever"},
        {"quantity": 10, "increment": "Minutes", "recurrence": "EndByDate"},
        {"quantity": 10, "increment": "Minutes", "recurrence": "EndByDate", "endByDate": "soon"},
        {"quantity": 10, "increment": "Minutes", "recurrence": "EndAfterOccurrences"},
    ],
)
def test_a_wrong_time_span_is_refused(span: Any) -> None:
    with pytest.raises(ValueError, match=r"span|increment|recurrence|soon|not one of"):
        checked_time_span(span)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [("isnull", True), ("notnull", False), ("eq 5", False), ("ne 5", True), ("lt 5", False), ("gt 5", False)],
)
def test_an_empty_field_is_null_and_equals_nothing(condition: str, fits: bool) -> None:
    state = example_state(key="any", with_records=False)
    record = state.records.create(TASKS, {NAME: "No estimate"})
    assert matches(state, parse_filter(f"{ESTIMATE} {condition}"), record) is fits
