"""Moments as people give them to a command."""

from datetime import UTC, datetime, timedelta

import typer

from service.clock import parse_duration


def parse_past(text: str) -> timedelta | datetime:
    """Turn `7d` into how long ago, `2026-11-22` or `2026-11-22T05:00` (UTC) into a moment."""
    try:
        return parse_duration(text)
    except ValueError:
        return parse_moment(text)


def parse_moment(text: str) -> datetime:
    """Turn `2026-11-22` or `2026-11-22T05:00:00Z` into an aware moment; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no moment; write how long ago, like 7d, or a moment like 2026-11-22T05:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
