"""How a round reads a list that is sorted by when its records were modified, the last first. Pure.

Stamps are compared with each other only: what the provider's clock says, and in which zone, is not known.

* What is modified while the list is read goes to its head and moves the rest down: pages overlap then, and
  nothing is missed. The next round sees it, since its watermark is the newest stamp of *this* round's first
  page.
* What is deleted moves the rest up, at worst past the border of a page. A page that begins with an older
  stamp than the page before ended with shows that: the round steps back.
* Stamps have one second, and a record may become visible later than its stamp says: a round reads on to some
  minutes below the watermark, but not on a page that lies below it altogether and shows nothing new. So an
  app in which thousands were imported at the same moment costs no more than an idle one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.changes.judging import parse_stamp
from service.changes.types import Fields

OVERLAP = timedelta(minutes=5)
"""How far below the watermark a round reads on."""
PAGE = 200
"""Rows of a page (vendor's page, parameter `limit`)."""
OVERLAP_ROWS = 10
"""How many rows of a page are asked for again with the next: so many may be deleted between two calls."""
STAMP = "last_modified"


@dataclass(frozen=True, slots=True)
class Course:
    """How far a round has come, or is to begin."""

    watermark: str | None
    """The newest stamp that the last finished round saw; None: no round has seen any."""
    place: int = 0
    """Where the next page begins."""
    reached: str | None = None
    """The last stamp on the pages that were read, …"""
    newest: str | None = None
    """… and the first."""
    is_over: bool = False

    @property
    def after(self) -> str | None:
        """The stamp that the pages need not reach below, written as the provider writes it; None: unknown."""
        at = parse_stamp(self.watermark)
        if at is None or self.watermark is None:
            return None
        text = (at - OVERLAP).isoformat(timespec="seconds")
        return text if datetime.fromisoformat(self.watermark).tzinfo else text.removesuffix("+00:00")

    def is_torn_by(self, page: Mapping[str, Fields]) -> bool:
        """Whether the page does not go on from what was read before: records may have slipped past."""
        if self.place == 0 or self.reached is None:
            return False
        first = next((_stamp(fields) for fields in page.values()), None)
        reached = parse_stamp(self.reached)
        return first is None or (reached is not None and first < reached)

    def behind(self, page: Mapping[str, Fields], noticed: Collection[str]) -> timedelta | None:
        """How old the oldest of some records' edits is, by the newest stamp of the round; None: of none."""
        stamps = [stamp for one in noticed if (stamp := _stamp(page[one])) is not None]
        if not stamps:
            return None
        return max(timedelta(0), (parse_stamp(self.newest) or max(stamps)) - min(stamps))


class SortedReading:
    """Reads such a list: what a round asks of whichever list it reads (see also reconciles/filtered.py)."""

    def is_torn(self, course: Course, page: Mapping[str, Fields]) -> bool:
        """Whether the page does not go on from what was read before: records may have slipped past."""
        return course.is_torn_by(page)

    def step_back(self, course: Course) -> Course:
        """Give the course after a page that was torn off: a page before."""
        return step_back(course, PAGE)

    def go_on(
        self, course: Course, page: Mapping[str, Fields], noticed: Collection[str], *, elapsed: timedelta
    ) -> Course:
        """Give the course after a page that went on from what was read; `noticed`: those that differ."""
        del elapsed
        return go_on(course, page, noticed)


def step_back(course: Course, page_size: int) -> Course:
    """Give the course after a page that was torn off: a page before."""
    return Course(
        course.watermark,
        place=max(0, course.place - page_size),
        reached=course.reached,
        newest=course.newest,
    )


def go_on(course: Course, page: Mapping[str, Fields], noticed: Collection[str]) -> Course:
    """Give the course after a page that went on from what was read; `noticed`: those of it that differ."""
    texts = [fields[STAMP] for fields in page.values() if isinstance(fields.get(STAMP), str)]
    newest = course.newest
    if course.place == 0 and texts:
        newest = _later(course.newest, texts[0])
    return Course(
        course.watermark,
        place=course.place + max(1, len(page) - OVERLAP_ROWS),
        reached=texts[-1] if texts else course.reached,
        newest=newest,
        is_over=_is_last(course, page, noticed),
    )


def _is_last(course: Course, page: Mapping[str, Fields], noticed: Collection[str]) -> bool:
    watermark = parse_stamp(course.watermark)
    if len(page) <= OVERLAP_ROWS or watermark is None:
        return True
    stamps = [_known(fields) for fields in page.values()]
    below = stamps[-1] < watermark - OVERLAP
    # What differs although it should have been seen before: stamps are not what we took them for.
    odd = any(_known(page[one]) <= watermark for one in noticed)
    return not odd and (below or stamps[0] <= watermark)


def _later(one: str | None, other: str) -> str:
    mine, its = parse_stamp(one), parse_stamp(other)
    return one if one is not None and mine is not None and its is not None and mine > its else other


def _stamp(fields: Fields) -> datetime | None:
    return parse_stamp(fields.get(STAMP))


def _known(fields: Fields) -> datetime:
    stamp = _stamp(fields)
    if stamp is None:
        raise ValueError(f"a record without {STAMP} in a list that is sorted by it")
    return stamp
