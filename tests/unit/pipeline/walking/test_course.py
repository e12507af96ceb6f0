"""Courses through lists that people edit, killed between any two calls."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import UnsortableError
from service.fusioo.paging import Paging, ReadPage
from service.pipeline.walking.course import Course

DAY = datetime(2026, 11, 22, tzinfo=UTC)
SMALL = Paging(page_size=5, overlap=2)
PATIENT = Paging(page_size=5, overlap=2, most_calls=3000)


class App:
    """An app's records by when they were modified, in seconds of a day."""

    def __init__(self, count: int) -> None:
        self.modified = {f"r{number}": number for number in range(count)}
        self.now = count

    def edit(self, one: str) -> None:
        self.now += 1
        self.modified[one] = self.now

    def page(self, offset: int, limit: int) -> list[tuple[str, dict[str, Any]]]:
        newest = sorted(self.modified, key=lambda one: (-self.modified[one], one))
        return [(one, {"id": one, "last_modified": stamp(self.modified[one])}) for one in newest][
            offset : offset + limit
        ]


def stamp(seconds: int) -> str:
    return (DAY + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def read_newest(app: App, since: int, edit: Any = lambda: None) -> tuple[dict[str, str], Course]:
    """Follow a course; between any two calls it is written down and taken up, and somebody edits."""
    course = Course.of(DAY + timedelta(seconds=since), PATIENT)
    marks: dict[str, int | None] = {}
    found: dict[str, str] = {}
    while isinstance(step := course.step, ReadPage):
        page = app.page(step.offset, PATIENT.page_size)
        known = {one: marks[one] for one, _ in page if one in marks}
        reached = course.take_page(page, known, lasting=True)
        marks |= reached.marks
        if reached.anew:
            marks = dict.fromkeys(marks)
        found |= {one: str(record["last_modified"]) for one, record in reached.records.items()}
        course = Course.read(json.loads(json.dumps(course.written())))
        edit()
    return found, course


@given(st.randoms(use_true_random=True), st.integers(0, 40), st.integers(0, 40), st.integers(0, 12))
def test_what_was_modified_since_is_seen_as_it_was_at_the_beginning_or_later(
    rng: Random, count: int, since: int, edits: int
) -> None:
    app, left = App(count), edits
    wanted = {one for one, at in app.modified.items() if at >= since}

    def edit() -> None:
        nonlocal left
        if left > 0 and app.modified:
            left -= 1
            app.edit(rng.choice(sorted(app.modified)))

    found, course = read_newest(app, since, edit)
    if course.passes < 5:  # the head rested in the end
        assert wanted <= found.keys()
    assert course.step is None
    assert not course.is_whole, "what it did not see may well be there"


def test_only_what_is_wanted_is_read() -> None:
    found, course = read_newest(App(1_000), 980)
    assert found.keys() == {f"r{number}" for number in range(980, 1_000)}
    assert course.passes == 2


def test_an_order_that_is_ignored_is_refused() -> None:
    course = Course.of(DAY, SMALL)
    page = App(3).page(0, 5)
    with pytest.raises(UnsortableError, match="leave out `--since`"):
        course.take_page(page, {}, lasting=False)


def test_records_without_the_stamp_are_refused() -> None:
    with pytest.raises(UnsortableError, match="no last_modified"):
        Course.of(DAY, SMALL).take_page([("r1", {"id": "r1"})], {}, lasting=True)


def test_all_records_are_whole_once_they_are_read() -> None:
    course = Course.of(None, SMALL)
    reached = course.take_page([("r1", {"id": "r1"}), ("r2", {"id": "r2"})], {}, lasting=True)
    assert (reached.fresh, reached.marks, course.is_whole) == (2, {"r1": 0, "r2": 1}, False)
    assert not course.take_count(2)
    assert (course.step, course.is_whole, course.lacking) == (None, True, 0)
    assert Course.read(json.loads(json.dumps(course.written()))) == course
