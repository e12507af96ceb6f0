"""Moments as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer

from service.cli.moments import parse_past
from service.clock import parse_moment

DAY = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("7d", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        ("2026-11-22", DAY),
        ("2026-11-22T05:00", DAY + timedelta(hours=5)),
        ("2026-11-22T05:00:00Z", DAY + timedelta(hours=5)),
    ],
)
def test_how_long_ago_or_a_moment(text: str, since: timedelta | datetime) -> None:
    assert parse_past(text) == since


def test_an_offset_is_heeded() -> None:
    assert parse_moment("2026-11-22T05:00+01:00") == datetime(
        2026, 11, 22, 5, tzinfo=timezone(timedelta(hours=1))
    )


@pytest.mark.parametrize("text", ["last week", "", "7", "2026-13-01"])
def test_what_is_neither_says_what_to_write(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="like 7d, or a moment like 2026-11-22T05:00"):
        parse_past(text)
