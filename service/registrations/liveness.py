"""Whether a webhook still tells of what happens, as far as what came, and what did not, shows it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from service.changes.types import Kind

ENOUGH = 3
"""So many changes that nobody told of make a webhook silent; so many deliveries make one that is used."""
USED_WITHIN = timedelta(days=7)
"""A webhook whose last deliveries came within this time was used regularly."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)


class Liveness(StrEnum):
    """What can be said of a webhook."""

    WELL = "well"
    """Nothing speaks against it; perhaps nothing happens in its app."""
    QUIET = "quiet"
    """It used to tell of something, and does no longer; no change shows that it should have."""
    SILENT = "silent"
    """Changes came that it should have told of, and did not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One webhook of ours, together with those whose place it took."""

    registration_id: UUID
    """The one that is active now, or is being made."""
    account: str
    app_id: str
    kind: Kind | None
    """None: a person set it up, for any kind."""
    manual: bool
    as_it_is_since: datetime
    """When the one that is active now was made, or mended."""
    heard: Sequence[datetime]
    """When the last deliveries of all of them came, at most `ENOUGH`, the newest first."""
    silent_since: datetime | None
    """Set once the active one was found silent; a delivery takes it away."""
    replaced: int
    """How many before it were found silent, since a delivery came last."""

    @property
    def subject(self) -> str:
        """What alarms call it: `main/ia4f42/update`."""
        kinds = [] if self.kind is None else [str(self.kind)]
        return "/".join([self.account, self.app_id, *(["workflow"] if self.manual else []), *kinds])


@dataclass(frozen=True, slots=True)
class Missed:
    """Changes that a webhook should have told of since it last did, counted up to `ENOUGH`."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to think of a webhook, and whether to make another in its place now."""

    liveness: Liveness
    replace: bool = False


def judge_line(line: Line, missed: Missed, *, now: datetime, quiet_after: timedelta) -> Verdict:
    """Say how a webhook is. `now` and all moments are of the database's clock.

    Silent ones are replaced: at once the first time; a successor that is silent too an hour after it was
    made, and each time after twice as long, up to a day. It stays silent until a delivery comes.
    """
    if is_silent(line, missed):
        return Verdict(Liveness.SILENT, replace=now >= line.as_it_is_since + _pause(line.replaced))
    if line.silent_since is not None or line.replaced:
        return Verdict(Liveness.SILENT)
    return Verdict(Liveness.QUIET if _is_quiet(line, now, quiet_after) else Liveness.WELL)


def is_silent(line: Line, missed: Missed) -> bool:
    """Tell whether it should have told of changes; one that a person set up may be meant for others."""
    return not line.manual and missed.count >= ENOUGH


def _is_quiet(line: Line, now: datetime, quiet_after: timedelta) -> bool:
    if len(line.heard) < ENOUGH:
        return False
    newest, oldest = line.heard[0], line.heard[ENOUGH - 1]
    return newest - oldest <= USED_WITHIN and now - newest >= quiet_after


def _pause(replaced: int) -> timedelta:
    """How old a silent webhook must be before another takes its place."""
    if replaced == 0:
        return timedelta(0)
    return min(_FIRST_PAUSE * (1 << min(replaced - 1, 10)), _LONGEST_PAUSE)
