"""Lists that shift while they are read."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.paging import PagePlan, Paging
from tests.fixtures.shifting import Meddler, ShiftingList, walked

SMALL = Paging(page_size=5, overlap=2)
PATIENT = Paging(page_size=5, overlap=2, most_calls=3000)

randoms = st.randoms(use_true_random=True)
lengths = st.integers(0, 60)
turns = st.integers(0, 40)
at_once = st.integers(0, 25)


def steps_of(
    rows: ShiftingList, paging: Paging, meddle: Callable[[], None] = lambda: None, *, lasting: bool = True
) -> PagePlan:
    plan = PagePlan(paging, counted=True, lasting=lasting)
    given_rows = list(walked(plan, rows, meddle))
    assert len(given_rows) == len(set(given_rows)) == plan.seen
    return plan


@pytest.mark.parametrize("acts", [["create", "delete"], ["create", "delete", "restore"]])
@given(randoms, lengths, turns, at_once, st.booleans())
def test_in_a_lasting_order_nothing_is_lost_or_given_twice(  # noqa: PLR0917  hypothesis fills them in
    acts: Sequence[str],
    rng: Random,
    length: int,
    turns: int,
    at_once: int,
    counted: bool,
) -> None:
    rows = ShiftingList.of(length)
    meddler = Meddler(rows, rng, acts, turns=turns, at_once=at_once)
    plan = PagePlan(PATIENT, counted=counted, lasting=True)
    given_rows = list(walked(plan, rows, meddler))
    assert len(given_rows) == len(set(given_rows)) == plan.seen
    assert meddler.always <= set(given_rows)
    if "restore" not in acts:
        assert (plan.steady, plan.incomplete, plan.rounds) == (True, False, 1)


@given(randoms, lengths, turns, at_once)
def test_without_deletions_every_row_lost_to_reordering_shows(
    rng: Random, length: int, turns: int, at_once: int
) -> None:
    rows = ShiftingList.of(length)
    meddler = Meddler(rows, rng, ["create", "move"], turns=turns, at_once=at_once)
    plan = PagePlan(PATIENT, counted=True, lasting=False)
    given_rows = list(walked(plan, rows, meddler))
    assert len(given_rows) == len(set(given_rows))
    assert not plan.steady
    assert len(meddler.always - set(given_rows)) <= plan.missing


@given(randoms, lengths, st.integers(0, 300), at_once)
def test_whatever_happens_it_ends_and_gives_nothing_twice(
    rng: Random, length: int, turns: int, at_once: int
) -> None:
    rows = ShiftingList.of(length)
    meddler = Meddler(rows, rng, ["create", "delete", "restore", "move"], turns=turns, at_once=at_once)
    plan = PagePlan(SMALL, counted=True, lasting=False)

    def meddle() -> None:
        meddler()
        pages = rows.born // (SMALL.page_size - SMALL.overlap) + 1  # of the longest that the list has been
        assert plan.steps <= SMALL.rounds * (64 + 3 * pages), "it does not end"

    given_rows = list(walked(plan, rows, meddle))
    assert len(given_rows) == len(set(given_rows)) == plan.seen
    assert plan.step is None


@pytest.mark.parametrize(
    ("length", "pages", "steps"),
    [(0, 1, 2), (4, 1, 2), (5, 2, 4), (6, 2, 4), (7, 2, 4), (8, 3, 5), (302, 101, 103)],
)
def test_a_list_that_is_left_alone_costs_its_pages_and_two_counts(
    length: int, pages: int, steps: int
) -> None:
    plan = steps_of(ShiftingList.of(length), SMALL)
    assert (plan.pages, plan.steps, plan.rounds, plan.seen) == (pages, steps, 1, length)
    assert (plan.steady, plan.missing, plan.expected) == (True, 0, length)


def test_a_changeable_order_that_is_left_alone_needs_no_second_round() -> None:
    plan = steps_of(ShiftingList.of(50), SMALL, lasting=False)
    assert (plan.rounds, plan.seen, plan.missing, plan.steady) == (1, 50, 0, False)


def test_a_row_moved_out_of_sight_is_found_in_a_second_round() -> None:
    rows = ShiftingList.of(20)
    pages = 0

    def move_the_last_to_the_front() -> None:
        nonlocal pages
        pages += 1
        if pages == 4:
            rows.place["r20"] = 0.0

    plan = steps_of(rows, SMALL, move_the_last_to_the_front, lasting=False)
    assert (plan.rounds, plan.seen, plan.missing) == (2, 20, 0)


def test_rows_deleted_by_the_thousand_cost_a_few_calls() -> None:
    rows = ShiftingList.of(8_000)
    calls = 0

    def delete_most_of_what_was_read() -> None:
        nonlocal calls
        calls += 1
        if calls == 35:
            for one in rows.listed()[:5_000]:
                rows.delete(one)

    plan = steps_of(rows, Paging(), delete_most_of_what_was_read)
    assert plan.seen == 8_000
    assert plan.steady
    assert plan.pages <= 43 + 16


def test_rows_restored_by_the_thousand_cost_a_few_calls() -> None:
    rows = ShiftingList.of(8_000)
    for one in rows.listed()[:3_000]:
        rows.delete(one)
    calls = 0

    def restore_before_what_was_read() -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            for one in list(rows.trash):
                rows.restore(one)

    plan = steps_of(rows, Paging(rounds=1), restore_before_what_was_read)
    assert (plan.seen, plan.missing) == (5_000, 3_000)  # said, as one round was asked for
    assert plan.pages <= 27 + 6


def test_a_list_that_grows_faster_than_it_is_read_is_given_up() -> None:
    rows = ShiftingList.of(10)

    def grow() -> None:
        for _ in range(5):
            rows.create()

    plan = steps_of(rows, SMALL, grow)
    assert plan.incomplete
    assert plan.gave_up
    assert plan.seen > 10


def test_a_list_whose_head_never_rests_is_given_up() -> None:
    rows = ShiftingList.of(40)

    def push() -> None:
        for _ in range(6):
            rows.create()
            rows.place[f"r{rows.born}"] = -rows.born

    plan = steps_of(rows, Paging(page_size=5, overlap=2, rounds=1), push, lasting=False)
    assert plan.incomplete
    assert plan.gave_up
    assert plan.steps < 100


def test_rows_that_are_counted_and_never_listed_are_reported() -> None:
    rows = ShiftingList.of(12)
    plan = PagePlan(SMALL, counted=True, lasting=True)
    list(walked(plan, rows, hidden=3))
    assert (plan.missing, plan.incomplete, plan.rounds) == (3, True, 2)
    assert plan.steps <= 16


def test_pages_shorter_than_asked_for_do_not_end_a_list() -> None:
    rows = ShiftingList.of(40)
    rows.most_per_page = 4
    plan = steps_of(rows, Paging(page_size=8, overlap=2))
    assert (plan.seen, plan.missing, plan.rounds) == (40, 0, 1)


def test_rows_that_change_places_are_noticed() -> None:
    rows = ShiftingList.of(20)

    def swap() -> None:
        rows.place["r4"], rows.place["r5"] = 5.0, 4.0

    plan = steps_of(rows, SMALL, swap)
    assert (plan.steady, plan.missing, plan.rounds) == (True, 0, 2)  # the second round met nothing strange


def test_the_calls_are_bounded_where_asked() -> None:
    plan = steps_of(ShiftingList.of(100), Paging(page_size=5, overlap=2, most_calls=7))
    assert (plan.steps, plan.gave_up, plan.incomplete) == (7, True, True)


@pytest.mark.parametrize(
    "wrong",
    [{"page_size": 201}, {"page_size": 10}, {"overlap": 0}, {"rounds": 0}, {"most_calls": 0}],
)
def test_what_cannot_work_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"a page has|at least one"):
        Paging(**wrong)
