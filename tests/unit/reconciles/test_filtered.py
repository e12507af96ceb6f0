"""How a list is read that holds what was modified after a moment, in no order, while it is edited."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.judging import parse_stamp
from service.reconciles.course import OVERLAP, OVERLAP_ROWS, STAMP, Course
from service.reconciles.filtered import FilteredReading

BEGAN = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FEWEST, LARGEST = 30, 45
NO_TIME = timedelta(0)
READING = FilteredReading(FEWEST)
Page = dict[str, dict[str, Any]]


def stamp(seconds: float) -> str:
    return f"{BEGAN + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def page_of(*seconds: float) -> Page:
    return {f"{place}": {"id": f"{place}", STAMP: stamp(at)} for place, at in enumerate(seconds)}


def seconds_of(watermark: str | None) -> float:
    at = parse_stamp(watermark)
    assert at is not None
    return (at - BEGAN).total_seconds()


COURSE = Course(stamp(0))


def test_a_short_page_ends_the_round_and_gives_the_newest_stamp_wherever_it_stands() -> None:
    after = READING.go_on(COURSE, page_of(3, 9, 1), [], elapsed=NO_TIME)
    assert (after.is_over, seconds_of(after.newest)) == (True, 9)


def test_what_is_listed_late_in_a_round_may_have_been_edited_after_it_began() -> None:
    first = READING.go_on(COURSE, page_of(*[5] * FEWEST), [], elapsed=NO_TIME)
    after = READING.go_on(first, page_of(600), [], elapsed=timedelta(seconds=580))
    assert (first.is_over, seconds_of(after.newest)) == (False, 20)


def test_the_watermark_never_falls_and_without_records_stays() -> None:
    assert READING.go_on(COURSE, {}, [], elapsed=NO_TIME).newest is None
    late = READING.go_on(COURSE, page_of(5), [], elapsed=timedelta(hours=1))
    assert seconds_of(late.newest) == 0


def test_what_was_imported_at_one_moment_is_not_listed_for_ever() -> None:
    """The second round that finds nothing newer leaves it behind, and nothing that is later."""
    quarter = FilteredReading(FEWEST, since_last=timedelta(minutes=15))
    after = quarter.go_on(COURSE, page_of(0, 0, 0), [], elapsed=NO_TIME)
    again = Course(after.newest)
    assert again.after == "2026-11-22T05:00:01+00:00"
    assert quarter.go_on(again, {}, [], elapsed=NO_TIME).newest is None


@pytest.mark.parametrize("passed", [0, 30, 200])
def test_too_soon_after_the_last_round_everything_is_listed_again(passed: int) -> None:
    soon = FilteredReading(FEWEST, since_last=timedelta(seconds=passed))
    after = soon.go_on(COURSE, page_of(0), [], elapsed=NO_TIME)
    assert seconds_of(Course(after.newest).after) == passed - OVERLAP.total_seconds()


def test_a_page_without_any_of_the_last_rows_is_torn() -> None:
    after = READING.go_on(COURSE, page_of(*range(FEWEST)), [], elapsed=NO_TIME)
    assert after.place == FEWEST - OVERLAP_ROWS
    assert not READING.is_torn(after, {"29": {}, "77": {}})
    assert READING.is_torn(after, {"19": {}, "77": {}})
    assert READING.is_torn(after, {})
    assert not READING.is_torn(replace(after, place=0), {})
    assert READING.step_back(after).place == 0
    assert READING.step_back(replace(after, place=100)) == replace(after, place=70)


def test_a_stamp_that_can_not_be_read_spoils_nothing() -> None:
    after = READING.go_on(COURSE, {"1": {"id": "1"}, "2": {"id": "2", STAMP: "soon"}}, [], elapsed=NO_TIME)
    assert (after.is_over, after.newest) == (True, None)
    assert after.behind({"1": {"id": "1"}}, ["1"]) is None


ORDERS: dict[str, Callable[[tuple[int, int]], int]] = {
    "by id": lambda row: row[0],
    "the last modified first": lambda row: -row[1],
    "the last modified last": lambda row: row[1],
}


@dataclass
class Provider:
    """An app as the provider has it: records by number, with the second of their last edit."""

    order: str
    rows: dict[int, int]
    clock: int
    made: int = 1000
    waiting: list[tuple[str, int]] = field(default_factory=list)

    def happen(self, most: int) -> None:
        """Let some of what waits happen."""
        for _ in range(min(most, len(self.waiting))):
            what, choice = self.waiting.pop()
            if what == "time":
                self.clock += choice * 10
            elif what == "delete":
                for one in list(self.rows)[choice % 40 : choice % 40 + choice % 25]:
                    del self.rows[one]
            elif what == "edit":
                self.clock += 1
                self.made += 1
                self.rows[self._chosen(choice) if choice % 3 and self.rows else self.made] = self.clock

    def _chosen(self, choice: int) -> int:
        return list(self.rows)[choice % len(self.rows)]

    def page(self, after: str | None, offset: int, size: int) -> Page:
        later = [row for row in self.rows.items() if row[1] > seconds_of(after)]
        listed = sorted(later, key=lambda row: (ORDERS[self.order](row), row[0]))[offset : offset + size]
        return {str(one): {"id": str(one), STAMP: stamp(at)} for one, at in listed}


@dataclass
class Reader:
    """Makes rounds one after the other, as pipeline/reconciling does."""

    provider: Provider
    watermark: str
    began: int
    seen: dict[str, str] = field(default_factory=dict)

    def round(self, sizes: list[int], at_once: int) -> None:
        """Make one; `sizes` of the pages differ, as with an API that knows only aligned ones."""
        provider, began = self.provider, self.provider.clock
        reading = FilteredReading(FEWEST, since_last=timedelta(seconds=began - self.began))
        course, pages = Course(self.watermark), 0
        while not course.is_over:
            pages += 1
            page = provider.page(course.after, course.place, sizes[pages % len(sizes)])
            elapsed = timedelta(seconds=provider.clock - began)
            if reading.is_torn(course, page):
                course = reading.step_back(course)
            else:
                self.seen |= {one: fields[STAMP] for one, fields in page.items()}
                course = reading.go_on(course, page, [], elapsed=elapsed)
            provider.happen(at_once)
            assert pages < 500
        self.watermark, self.began = course.newest or self.watermark, began


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", "edit", "delete", "time"]), st.integers(0, 200)), max_size=150
)


@given(
    order=st.sampled_from(sorted(ORDERS)),
    imported=st.integers(0, 300),
    happenings=st.lists(HAPPENINGS, min_size=3, max_size=3),
    at_once=st.integers(1, 25),
    sizes=st.lists(st.integers(FEWEST, LARGEST), min_size=1, max_size=4),
)
def test_every_edit_is_seen_by_its_round_or_the_next(
    order: str, imported: int, happenings: list[list[tuple[str, int]]], at_once: int, sizes: list[int]
) -> None:
    since = 1000
    provider = Provider(order, dict.fromkeys(range(imported), since + 1), clock=since + 1)
    reader = Reader(provider, stamp(since), since)
    for each in happenings[:2]:
        provider.waiting = list(each)
        provider.happen(len(each) // 2)
        reader.round(sizes, at_once)
    provider.waiting += happenings[2]
    provider.happen(len(provider.waiting))
    reader.round(sizes, at_once)
    edited = {str(one): stamp(at) for one, at in provider.rows.items() if at > since}
    assert {one for one, at in edited.items() if reader.seen.get(one) != at} == set()
