"""How a round reads a list that holds what was modified after a moment, in no order. Pure.

Its rows keep their places among each other, or an edit moves one to the list's end or head: other orders
leave more to full sweeps.

* What is deleted, or moved to the end, lets rows behind it move forward, at worst past the border of a page.
  Pages overlap; one that shows none of the rows with which the page before ended lets the round step back.
* What is edited after the round began may be passed over: the next round sees it, since the watermark is
  never later than the moment, by the provider's clock, at which the round began: the newest stamp that was
  seen, less the time since then.
* A record may become visible later than its stamp says: a round asks for what is some minutes older than the
  watermark. Where nothing new comes, the watermark moves on with the time between two rounds, until it is
  these minutes later than the newest stamp: thousands that were imported at one moment are not listed for
  ever. Never further: what has a later stamp than was ever seen is always asked for, whatever clocks say.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.changes.judging import parse_stamp
from service.changes.types import Fields
from service.reconciles.course import OVERLAP, OVERLAP_ROWS, STAMP, Course

_ID_GAP = " "
_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class FilteredReading:
    """Reads such a list. `course.reached` holds the ids with which the last page ended."""

    fewest: int
    """A page with fewer records is the list's last."""
    since_last: timedelta = timedelta(0)
    """How long before this round the last finished one began."""
    filters = True

    def is_torn(self, course: Course, page: Mapping[str, Fields]) -> bool:
        """Whether the page does not go on from what was read before: records may have slipped past."""
        return course.place > 0 and page.keys().isdisjoint((course.reached or "").split(_ID_GAP))

    def step_back(self, course: Course) -> Course:
        """Give the course after a page that was torn off: some rows before."""
        place = max(0, course.place - self.fewest)
        return Course(course.watermark, place=place, reached=course.reached, newest=course.newest)

    def go_on(
        self, course: Course, page: Mapping[str, Fields], noticed: Collection[str], *, elapsed: timedelta
    ) -> Course:
        """Give the course after a page that went on from what was read, so long after the round began."""
        del noticed
        stamps = [stamp for fields in page.values() if (stamp := parse_stamp(fields.get(STAMP))) is not None]
        bounds = [parse_stamp(course.newest), self._bound(course, max(stamps, default=None), elapsed)]
        newest = max((bound for bound in bounds if bound is not None), default=None)
        return Course(
            course.watermark,
            place=course.place + max(1, len(page) - OVERLAP_ROWS),
            reached=_ID_GAP.join(list(page)[-OVERLAP_ROWS:]),
            newest=None if newest is None else newest.isoformat(),
            is_over=len(page) < self.fewest,
        )

    def _bound(self, course: Course, newest: datetime | None, elapsed: timedelta) -> datetime | None:
        """Say what the provider's clock showed at least when the round began, by the stamps of a page."""
        watermark = parse_stamp(course.watermark)
        if newest is None or watermark is None:
            return None if newest is None else newest - elapsed
        moved_on = watermark + max(timedelta(0), self.since_last)
        return max(watermark, newest - elapsed, min(moved_on, newest + OVERLAP + _RESOLUTION))
