"""How a list is read that is sorted by when its records were modified, while it is edited."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reconciles.course import OVERLAP, OVERLAP_ROWS, STAMP, Course, go_on, step_back

BEGAN = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
PAGE = 30


def stamp(seconds: float) -> str:
    return f"{BEGAN + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def page_of(*seconds: float) -> dict[str, dict[str, Any]]:
    return {f"r{place}": {"id": f"r{place}", STAMP: stamp(at)} for place, at in enumerate(seconds)}


OLD = page_of(*range(-400, -400 - PAGE, -1))
"""A page that lies below the watermark altogether."""
COURSE = Course(stamp(0))


def test_the_first_round_reads_one_page() -> None:
    after = go_on(Course(None), OLD, [])
    assert (after.is_over, after.newest) == (True, stamp(-400))


def test_an_idle_app_is_read_no_further_than_one_page() -> None:
    idle = page_of(*[0] * PAGE)
    assert go_on(COURSE, idle, []).is_over


def test_a_round_reads_on_while_pages_show_something_later_than_the_watermark() -> None:
    after = go_on(COURSE, page_of(*range(PAGE, 0, -1)), [])
    assert (after.is_over, after.place, after.newest) == (False, PAGE - OVERLAP_ROWS, stamp(PAGE))
    assert go_on(after, OLD, []).is_over


def test_a_page_that_reaches_below_the_overlap_is_the_last() -> None:
    reaching = page_of(*range(PAGE - 1, 0, -1), -OVERLAP.total_seconds() - 1)
    assert go_on(COURSE, reaching, []).is_over


def test_what_differs_below_the_watermark_lets_the_round_read_on() -> None:
    assert not go_on(COURSE, OLD, ["r7"]).is_over
    assert go_on(COURSE, OLD, []).is_over


@pytest.mark.parametrize("rows", [0, 1, OVERLAP_ROWS])
def test_the_end_of_the_list_ends_the_round(rows: int) -> None:
    assert go_on(replace(COURSE, place=90), page_of(*range(rows, 0, -1)), ["r0"][:rows]).is_over


def test_an_empty_app_leaves_the_watermark_as_it_is() -> None:
    assert go_on(COURSE, {}, []).newest is None


def test_a_page_with_an_older_head_than_what_was_read_is_torn() -> None:
    course = replace(COURSE, place=100, reached=stamp(50))
    assert course.is_torn_by(page_of(49, 48))
    assert course.is_torn_by({})
    assert not course.is_torn_by(page_of(50, 48))
    assert not replace(course, place=0).is_torn_by(page_of(49, 48))
    assert step_back(course, 200).place == 0
    assert step_back(course, 60).place == 40


@pytest.mark.parametrize(
    ("watermark", "after"),
    [
        ("2026-11-22T05:00:00", "2026-11-22T04:55:00"),
        ("2026-11-22T05:00:00+0200", "2026-11-22T04:55:00+02:00"),
        (None, None),
        ("odd", None),
    ],
)
def test_a_filter_gets_a_stamp_like_the_providers(watermark: str | None, after: str | None) -> None:
    assert Course(watermark).after == after


def test_how_old_an_edit_was_is_told_by_the_providers_clock() -> None:
    page = page_of(60, 20, 10)
    assert go_on(COURSE, page, []).behind(page, ["r1", "r2"]) == timedelta(seconds=50)
    assert COURSE.behind(page, []) is None


class List:
    """A list as the provider has it: edits go to its head, and deletions close the gap."""

    def __init__(self, records: int) -> None:
        self.clock = 0
        self.rows = {f"i{number}": -number for number in range(1, records)}

    def edit(self, choice: int) -> str:
        self.clock += 1
        one = list(self.rows)[choice % len(self.rows)] if self.rows else f"i{self.clock}"
        self.rows[one] = self.clock
        return one

    def delete(self, choice: int) -> None:
        if self.rows:
            del self.rows[list(self.rows)[choice % len(self.rows)]]

    def page(self, offset: int) -> dict[str, dict[str, Any]]:
        order = sorted(self.rows, key=lambda one: -self.rows[one])
        return {one: {"id": one, STAMP: stamp(self.rows[one])} for one in order[offset : offset + PAGE]}

    def round(self, course: Course, between: Callable[[], None]) -> tuple[Course, dict[str, str]]:
        """Read a round; gives the stamps that it saw."""
        seen: dict[str, str] = {}
        while not course.is_over:
            page = self.page(course.place)
            if course.is_torn_by(page):
                course = step_back(course, PAGE)
            else:
                seen |= {one: fields[STAMP] for one, fields in page.items()}
                course = go_on(course, page, [])
            between()
        return course, seen


@given(
    records=st.integers(0, 150),
    edits=st.lists(st.integers(0, 200), max_size=120),
    meanwhile=st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=60),
    at_once=st.integers(1, 25),
)
def test_every_edit_is_seen_by_its_round_or_the_next(
    records: int, edits: list[int], meanwhile: list[tuple[bool, int]], at_once: int
) -> None:
    provider, waiting = List(records), list(meanwhile)
    course, _ = provider.round(Course(None), lambda: None)
    since = provider.clock
    for choice in edits:
        provider.edit(choice)

    def between() -> None:
        for _ in range(at_once):
            if waiting:
                deletes, choice = waiting.pop()
                provider.delete(choice) if deletes else provider.edit(choice)

    begin = Course(course.newest)
    course, first = provider.round(begin, between)
    while waiting:
        between()
    _, second = provider.round(Course(course.newest or begin.watermark), lambda: None)
    edited = {one: stamp(at) for one, at in provider.rows.items() if at > since}
    missed = {one for one, at in edited.items() if at not in (first.get(one), second.get(one))}
    assert missed == set()
