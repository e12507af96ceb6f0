"""Handlers as people see them: whether their runs begin as they come, and how fast."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.handlers.states import HandlerStanding, read_standings
from service.pipeline.probes.expected import Expected
from service.pipeline.showing.reader import Connection


class HandlerMode(StrEnum):
    """Whether a handler's runs begin."""

    WORKING = "working"
    PAUSED = "paused"
    """A person paused it."""
    FAILING = "failing"
    """It failed again and again: one run is tried now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerView:
    """One handler."""

    name: str
    configured: bool | None
    """Whether it stands in the configuration; None: that is missing or wrong."""
    mode: HandlerMode
    paused_at: datetime | None
    """Since when it is paused."""
    paused_because: str | None
    failures_in_row: int
    """Attempts that failed one after the other."""
    failing_since: datetime | None
    """Since when its breaker is open."""
    probe_at: datetime | None
    """When one run is tried next, while it fails."""
    rate: str | None
    """How many runs may begin in which time (`10/s`); None: as many as come."""
    next_start_at: datetime | None
    """When the next run may begin at that pace; None: none has begun yet, or it has no rate."""


async def list_handlers(connection: Connection, expected: Expected | None) -> list[HandlerView]:
    """List the configured handlers and those that something is known of, by name."""
    standings = {each.handler: each for each in await read_standings(connection)}
    names = standings.keys() | (expected.handlers if expected else set())
    return [_view(name, standings.get(name), expected) for name in sorted(names)]


def _view(name: str, standing: HandlerStanding | None, expected: Expected | None) -> HandlerView:
    paused_at = standing.paused_at if standing else None
    opened_at = standing.opened_at if standing else None
    mode = HandlerMode.FAILING if opened_at else HandlerMode.WORKING
    rate = expected.rates.get(name) if expected else None
    return HandlerView(
        name=name,
        configured=None if expected is None else name in expected.handlers,
        mode=HandlerMode.PAUSED if paused_at else mode,
        paused_at=paused_at,
        paused_because=standing.paused_because if standing else None,
        failures_in_row=standing.failures_in_row if standing else 0,
        failing_since=opened_at,
        probe_at=standing.probe_at if standing else None,
        rate=rate,
        next_start_at=standing.next_start_at if standing and rate else None,
    )
