"""When the next look may begin, case by case: 10 calls of a window of 100 s, so 10 s between even calls."""

from collections.abc import Sequence

import pytest

from service.budget.pacing import Standing, Waiting, gap_before, steady_gap, whose_turn

APP = "ia0001"
EVEN = 10.0


def standing(returning: Sequence[float], *, since_last: float | None = 0.0, usable: int = 10) -> Standing:
    return Standing(len(returning), usable, EVEN * usable, since_last, sorted(returning))


def one(app_id: str = APP, *, records: int = 1, age: float = 1.0, batch: int = 50) -> Waiting:
    return Waiting(app_id, records, age, batch)


def test_an_idle_account_asks_at_once() -> None:
    assert gap_before(standing([]), [one()], APP) == 0
    assert gap_before(standing([99.0]), [one()], APP) == 0, "a tenth may be spent as it comes"


def test_calls_spread_over_the_window_make_nobody_wait() -> None:
    assert gap_before(standing([10.0 * i for i in range(1, 9)]), [one()], APP) == 0


def test_who_spends_too_fast_keeps_the_steady_pace() -> None:
    fast = standing([100.0] * 4)
    assert steady_gap(fast) == pytest.approx(100 / 7), "7 calls from the last one on, until all come back"
    assert gap_before(fast, [one()], APP) == steady_gap(fast)


def test_the_gap_stays_as_it_is_while_it_is_waited_for() -> None:
    gaps = [steady_gap(standing([100.0 - past] * 4, since_last=past)) for past in (0.0, 5.0, 10.0, 14.0)]
    assert gaps == pytest.approx([100 / 7] * 4)


def test_later_it_is_the_pace_from_now_on() -> None:
    assert steady_gap(standing([30.0] * 4, since_last=70.0)) == EVEN


def test_the_pressure_grows_from_none_to_full() -> None:
    # Some of a hundred calls come back together, the others evenly; nine tenths are not in use.
    def gap(rushed: int) -> float:
        calls = [1000.0] * rushed + [10.0 * i for i in range(1, 41)]
        return gap_before(standing(calls, usable=100), [one()], APP)

    gaps = [gap(rushed) for rushed in range(0, 50, 5)]
    assert gaps == sorted(gaps)
    assert gaps[0] == 0
    assert gaps[-1] > EVEN


def test_with_nearly_all_in_use_the_pace_is_kept_although_calls_come_back_evenly() -> None:
    def gap(used: int) -> float:
        return gap_before(standing([10.0 * i for i in range(1, used + 1)], usable=100), [one()], APP)

    assert gap(90) == 0
    assert gap(95) == pytest.approx(EVEN / 2)
    assert gap(99) == pytest.approx(EVEN * 0.9)


def test_a_full_batch_goes_at_once_if_enough_is_left() -> None:
    full = one(records=120, batch=50)  # three calls
    assert gap_before(standing([100.0] * 4), [full], APP) == 0, "3 of 6: 33 s apart, not more than 40"
    assert gap_before(standing([100.0] * 5), [full], APP) > 0, "3 of 5: 50 s apart"


def test_one_that_is_not_full_waits_beside_a_full_one() -> None:
    backlog = [one(), one("ib0001", records=50)]
    assert gap_before(standing([100.0] * 4), backlog, APP) > 0
    assert gap_before(standing([100.0] * 4), backlog, "ib0001") == 0


def test_what_does_not_fit_is_spread() -> None:
    calm = standing([10.0 * i for i in range(1, 9)])
    assert gap_before(calm, [one(records=500)], APP) == EVEN


def test_with_no_call_left_there_is_no_pace() -> None:
    assert steady_gap(standing([50.0] * 10)) == float("inf")


def test_the_largest_times_the_oldest_has_its_turn() -> None:
    assert whose_turn([one(records=10, age=2.0), one("ib0001", records=3, age=7.0)], 10.0) == "ib0001"
    assert whose_turn([], 10.0) is None


def test_who_waited_for_two_rounds_goes_first() -> None:
    large = one("ib0001", records=50_000, age=39.0)
    assert whose_turn([one(age=40.0), large], 10.0) == "ib0001"
    assert whose_turn([one(age=40.1), large], 10.0) == APP
