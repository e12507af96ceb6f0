"""Whether a look begins now, and whose turn it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.budget.pacing import Standing, Waiting, gap_before
from service.pipeline.settling.turns import TURN_LASTS, Pause, pause_for
from service.records.waiting import Backlog

GAP = 10.0


def spread(since_last: float | None) -> Standing:
    """Ten calls in 100 s, which come back evenly: one every 10 s."""
    returning = tuple(GAP * each for each in range(1, 10))
    return Standing(used=9, usable=10, window=100.0, since_last=since_last, returning=returning)


def backlog(*waiting: tuple[str, int, float], held: str = "") -> Backlog:
    apps = tuple(Waiting(name, records, age, batch=50) for name, records, age in waiting)
    return Backlog(apps, frozenset(each.app_id for each in apps if each.app_id != held))


THREE = (("a", 10, 1.0), ("b", 500, 15.0), ("c", 400, 15.0))


def test_while_budget_is_plentiful_nobody_is_asked_who_is_next() -> None:
    assert pause_for(Standing(1, 10, 100.0, since_last=0.0), backlog(*THREE), "a") is None


def test_until_the_gap_is_over_everybody_waits() -> None:
    assert gap_before(spread(4.0), backlog(*THREE).waiting, "b") == GAP
    assert pause_for(spread(4.0), backlog(*THREE), "b") == Pause(6.0)


@pytest.mark.parametrize(("app_id", "pause"), [("a", Pause(TURN_LASTS, instead="b")), ("b", None)])
def test_then_the_most_urgent_looks(app_id: str, pause: Pause | None) -> None:
    assert pause_for(spread(GAP), backlog(*THREE), app_id) == pause


def test_whoever_is_being_looked_at_is_not_next() -> None:
    assert pause_for(spread(GAP), backlog(*THREE, held="b"), "c") is None


def test_a_turn_that_is_not_taken_is_the_next_ones() -> None:
    after_one, after_two = spread(GAP + TURN_LASTS), spread(GAP + 2 * TURN_LASTS)
    assert pause_for(after_one, backlog(*THREE), "c") is None
    assert pause_for(after_one, backlog(*THREE), "b") is None, "it may still come"
    assert pause_for(after_one, backlog(*THREE), "a") == Pause(TURN_LASTS, instead="c")
    assert pause_for(after_two, backlog(*THREE), "a") is None


def test_without_a_call_in_the_window_nobody_waits() -> None:
    assert pause_for(spread(None), backlog(*THREE), "a") is None


@given(
    st.lists(st.integers(1, 2000), min_size=2, max_size=5),
    st.integers(1, 20),
    st.sets(st.integers(0, 4), max_size=2),
    st.integers(0, 300),
)
def test_no_app_starves(records: list[int], arrivals: int, broken: set[int], more: int) -> None:
    """However much keeps coming in to the others, and whoever never takes its turn."""
    count = {f"app{number}": size for number, size in enumerate(records)}
    alive = [name for number, name in enumerate(count) if number not in broken]
    looked_at = dict.fromkeys(count, 0.0)
    last = 0.0
    longest = (GAP + TURN_LASTS * len(broken) + 1) * 3 * len(count)
    for now in range(1, int(2 * longest)):
        for name in count:
            count[name] += arrivals + (more if name == "app0" else 0)
        for name in alive:
            assert now - looked_at[name] <= longest, "three rounds of all apps, and the turns that are lost"
            apps = tuple(Waiting(each, size, now - looked_at[each], 50) for each, size in count.items())
            if pause_for(spread(now - last), Backlog(apps, frozenset(count)), name) is None:
                assert now - last >= GAP
                count[name], looked_at[name], last = 1, now, now
