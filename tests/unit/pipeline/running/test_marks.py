"""What an attempt's outcome makes of its run."""

from datetime import UTC, datetime, timedelta

import pytest

from service.handlers.marking import Mark
from service.handlers.types import Deferred, Discarded, Done, Failed, Outcome
from service.lifecycle import AttemptOutcome, RunStatus
from service.pipeline.running.marks import DEFAULT_DEFERRAL, lost, mark_of

RETRY = (timedelta(seconds=10), timedelta(seconds=20))
SOON = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("outcome", "mark"),
    [
        (Done(), Mark(AttemptOutcome.DONE, RunStatus.DONE, handler_works=True)),
        (
            Done({"status": 200}),
            Mark(AttemptOutcome.DONE, RunStatus.DONE, detail={"status": 200}, handler_works=True),
        ),
        (Discarded("no"), Mark(AttemptOutcome.DONE, RunStatus.DISCARDED, error="no")),
        (
            Failed("bad", detail={"status": 500}),
            Mark(
                AttemptOutcome.FAILED,
                RunStatus.READY,
                next_in=timedelta(seconds=10),
                error="bad",
                detail={"status": 500},
                handler_works=False,
            ),
        ),
        (Failed("bad", dead=True), Mark(AttemptOutcome.FAILED, RunStatus.DEAD, error="bad")),
        (
            Deferred("later"),
            Mark(AttemptOutcome.DEFERRED, RunStatus.READY, next_in=DEFAULT_DEFERRAL, error="later"),
        ),
        (
            Deferred("later", after=3),
            Mark(AttemptOutcome.DEFERRED, RunStatus.READY, next_in=timedelta(seconds=3), error="later"),
        ),
        (
            Deferred("later", until=SOON),
            Mark(
                AttemptOutcome.DEFERRED,
                RunStatus.READY,
                next_in=timedelta(seconds=1),
                not_before=SOON,
                error="later",
            ),
        ),
    ],
)
def test_each_outcome_has_its_mark(outcome: Outcome, mark: Mark) -> None:
    assert mark_of(outcome, RETRY, attempts=1, jitter=0.5) == mark


def test_the_last_failure_is_death_and_still_the_handlers_fault() -> None:
    marks = [mark_of(Failed("bad"), RETRY, attempts=attempts, jitter=0.5) for attempts in (1, 2, 3)]
    assert [mark.status for mark in marks] == [RunStatus.READY, RunStatus.READY, RunStatus.DEAD]
    assert [mark.handler_works for mark in marks] == [False] * 3


def test_a_lost_attempt_counts_like_a_failed_one_unless_its_handler_left() -> None:
    assert lost(RETRY, attempts=2, jitter=0.5).status is RunStatus.READY
    assert lost(RETRY, attempts=3, jitter=0.5).status is RunStatus.DEAD
    assert lost(None, attempts=99, jitter=0.5).status is RunStatus.READY
    assert lost(RETRY, attempts=1, jitter=0.5).handler_works is False
