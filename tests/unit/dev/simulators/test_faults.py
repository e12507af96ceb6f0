import random
from typing import Any

import pytest

from service.dev.simulators.faults import AnswerFault, DeliveryFaults, Fate, Faults, Hold

RNG = random.Random(0)  # noqa: S311 (made to be repeatable)


def test_counted_delivery_faults_are_used_up() -> None:
    faults = DeliveryFaults(drop_next=1, duplicate_next=1, copies=3, invert_next=1)
    rng = random.Random(0)  # noqa: S311 (made to be repeatable)
    fates = [faults.next_fate(rng) for _ in range(3)]
    assert fates == [Fate(0), Fate(3, inverted=True), Fate(1)]


@pytest.mark.parametrize(
    ("share", "fate"),
    [
        ({"drop_share": 1.0}, Fate(0)),
        ({"duplicate_share": 1.0}, Fate(2)),
        ({"invert_share": 1.0}, Fate(1, True)),
    ],
)
def test_shares_stay(share: dict[str, Any], fate: Fate) -> None:
    faults = DeliveryFaults(**share)
    rng = random.Random(0)  # noqa: S311 (made to be repeatable)
    assert {faults.next_fate(rng) for _ in range(20)} == {fate}


def test_a_wrong_answer_is_given_so_many_times_to_calls_that_fit() -> None:
    faults = Faults(answers=[AnswerFault(path="/filter$", method="POST", times=2)])
    assert faults.take_answer("GET", "/v3/records/apps/i1/filter", RNG) is None
    assert faults.take_answer("POST", "/v3/records/apps/i1", RNG) is None
    taken = [faults.take_answer("POST", "/v3/records/apps/i1/filter", RNG) for _ in range(3)]
    assert [fault is not None for fault in taken] == [True, True, False]


def test_replace_touches_only_what_is_named() -> None:
    faults = Faults(holds=[Hold(path="/ping")])
    faults.replace({"deliveries": {"drop_next": 2}, "reads": {"stale_seconds": 1.5}})
    assert faults.deliveries.drop_next == 2
    assert faults.reads.stale_seconds == pytest.approx(1.5)
    assert [hold.path for hold in faults.holds] == ["/ping"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"deliverys": {}},
        {"deliveries": {"drop": 1}},
        {"answers": [{"body": "x"}]},
        {"holds": [{"path": "("}]},
    ],
)
def test_replace_refuses_what_it_does_not_know_and_changes_nothing(wrong: dict[str, Any]) -> None:
    faults = Faults()
    with pytest.raises(ValueError, match="validation error"):
        faults.replace({"reads": {"stale_seconds": 9}, **wrong})
    assert faults == Faults()


def test_clear_switches_everything_off() -> None:
    faults = Faults(deliveries=DeliveryFaults(drop_share=1.0), answers=[AnswerFault()], holds=[Hold()])
    faults.clear()
    assert faults == Faults()
