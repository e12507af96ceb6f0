"""Walks that are killed at any point, and taken up by somebody else from what was written down."""

import json
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo.paging import PagePlan, Paging, ReadPage
from tests.fixtures.shifting import Meddler, ShiftingList, walked

PATIENT = Paging(page_size=5, overlap=2, most_calls=3000)
SMALL = Paging(page_size=5, overlap=2)


class Killed:
    """A walk whose every process dies: after the answer came, or once it was written down."""

    def __init__(self, plan: PagePlan, rows: ShiftingList, rng: Random) -> None:
        self.rows, self.rng = rows, rng
        self.written, self.marks = json.dumps(plan.written()), dict[str, int | None]()
        self.given: list[str] = []
        self.calls = self.deaths = 0

    def live(self, meddler: Meddler) -> PagePlan:
        while (plan := PagePlan.read(json.loads(self.written))).step is not None:
            self._do_a_step(plan, meddler)
        return plan

    def _do_a_step(self, plan: PagePlan, meddler: Meddler) -> None:
        step, rounds, found = plan.step, plan.rounds, list[str]()
        self.calls += 1
        if isinstance(step, ReadPage):
            ids = self.rows.page(step.offset, plan.paging.page_size, backwards=step.backwards)
            taken = plan.take_page(ids, {one: self.marks[one] for one in ids if one in self.marks})
            found, marks = [ids[place] for place in taken.fresh], taken.marks
        else:
            plan.take_count(len(self.rows.place))
            marks = {}
        meddler()
        if self.rng.random() < 0.3:
            self.deaths += 1
            return
        self.given += found
        self.marks |= marks
        if plan.rounds > rounds:
            self.marks = dict.fromkeys(self.marks)
        self.written = json.dumps(plan.written())


@pytest.mark.parametrize("acts", [["create", "delete"], ["create", "delete", "restore"]])
@given(st.randoms(use_true_random=True), st.integers(0, 60), st.integers(0, 40), st.integers(0, 25))
def test_in_a_lasting_order_a_walk_that_was_killed_keeps_its_promises(
    acts: Sequence[str], rng: Random, length: int, turns: int, at_once: int
) -> None:
    rows = ShiftingList.of(length)
    meddler = Meddler(rows, rng, acts, turns=turns, at_once=at_once)
    walk = Killed(PagePlan(PATIENT, counted=True, lasting=True), rows, rng)
    plan = walk.live(meddler)
    assert len(walk.given) == len(set(walk.given)) == plan.seen
    assert meddler.always <= set(walk.given)
    assert walk.calls == plan.steps + walk.deaths, "each death repeats one call"
    if "restore" not in acts:
        assert (plan.steady, plan.incomplete, plan.rounds) == (True, False, 1)


@given(st.randoms(use_true_random=True), st.integers(0, 60), st.integers(0, 40), st.integers(0, 25))
def test_also_where_edits_change_places_what_is_lost_shows(
    rng: Random, length: int, turns: int, at_once: int
) -> None:
    rows = ShiftingList.of(length)
    meddler = Meddler(rows, rng, ["create", "move"], turns=turns, at_once=at_once)
    walk = Killed(PagePlan(PATIENT, counted=True, lasting=False), rows, rng)
    plan = walk.live(meddler)
    assert len(walk.given) == len(set(walk.given)) == plan.seen
    assert len(meddler.always - set(walk.given)) <= plan.missing


@given(st.integers(0, 80), st.integers(0, 80), st.booleans())
def test_who_goes_on_does_what_the_first_would_have_done(length: int, steps: int, lasting: bool) -> None:
    rows = ShiftingList.of(length)
    plan = PagePlan(SMALL, counted=True, lasting=lasting)
    for _ in zip(range(steps), walked(plan, rows), strict=False):
        pass
    taken_up = PagePlan.read(json.loads(json.dumps(plan.written())))
    assert taken_up == plan
    assert taken_up.written() == plan.written()
