"""Moments as people give them to a command."""

from datetime import datetime, timedelta

import typer

from service import clock


def parse_past(text: str) -> timedelta | datetime:
    """Turn `7d` into how long ago, `2026-11-22` or `2026-11-22T05:00` (UTC) into a moment."""
    try:
        return clock.parse_past(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
