"""When a worker process is replaced by its successor."""

import pytest

from service.worker.replacing import (
    LONGEST_PAUSE,
    LONGEST_START,
    MOST_LEAVING,
    Standing,
    Step,
    Successor,
    next_step,
    pause_after,
)

STARTING = Successor(age=LONGEST_START)


@pytest.mark.parametrize(
    ("standing", "step"),
    [
        (Standing(), Step.NONE),
        (Standing(outdated=True), Step.START),
        (Standing(retiring=True), Step.START),
        (Standing(retiring=True, leaving=MOST_LEAVING - 1), Step.START),
        (Standing(retiring=True, leaving=MOST_LEAVING), Step.DEFER),
        (Standing(leaving=MOST_LEAVING), Step.NONE),
        (Standing(retiring=True, outdated=True, leaving=MOST_LEAVING), Step.START),
        (Standing(outdated=True, leaving=MOST_LEAVING), Step.START),
        (Standing(retiring=True, paused=True), Step.NONE),
        (Standing(retiring=True, paused=True, leaving=MOST_LEAVING), Step.NONE),
        (Standing(outdated=True, paused=True), Step.NONE),
    ],
)
def test_a_successor_is_started_for_a_reason(standing: Standing, step: Step) -> None:
    assert next_step(standing) is step


@pytest.mark.parametrize("reason", [{"outdated": True}, {"retiring": True}, {}])
@pytest.mark.parametrize(
    ("successor", "step"),
    [
        (STARTING, Step.NONE),
        (Successor(ready=True), Step.TAKE_OVER),
        (Successor(ready=True, age=LONGEST_START + 1), Step.GIVE_UP),
        (Successor(age=LONGEST_START + 1), Step.GIVE_UP),
        (Successor(outdated=True, ready=True), Step.GIVE_UP),
        (Successor(ended=True, outdated=True, ready=True), Step.BURY),
        (Successor(ended=True), Step.BURY),
    ],
)
def test_it_takes_over_when_it_is_ready_whatever_became_of_the_reason(
    reason: dict[str, bool], successor: Successor, step: Step
) -> None:
    crowded = Standing(successor=successor, paused=True, leaving=MOST_LEAVING, **reason)
    assert next_step(crowded) is step


def test_the_pauses_grow_from_the_first_to_the_longest() -> None:
    assert [pause_after(failures, first=0.2) for failures in range(4)] == [0.0, 0.2, 0.4, 0.8]
    assert pause_after(100, first=0.2) == LONGEST_PAUSE
