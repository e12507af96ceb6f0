"""What becomes of an expansion after a round: what was found, absent, failed, unasked."""

from datetime import UTC, datetime, timedelta

import pytest

from service.changes.types import App
from service.errors import AccountRefusedError, BudgetExhaustedError, ProviderError, RelayError
from service.fusioo.errors import RateLimitedError, StaleTokenError
from service.links.claims import ClaimedExpansion
from service.links.repository import Again, Finished
from service.links.resolving import RecordKey, Resolved
from service.pipeline.linking.fetching import Fetched
from service.pipeline.linking.verdicts import FAILURE_PAUSES, judge, judge_failure
from tests.fixtures.changes import a_change

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAUSES = (timedelta(seconds=5), timedelta(seconds=30))
KEY, OTHER = RecordKey("clients", "c1"), RecordKey("clients", "c2")


def expansion(looks: int = 0, failures: int = 0) -> ClaimedExpansion:
    change = a_change(app=App("tasks", "tasks"), record_id="t1", created_at=NOW)
    return ClaimedExpansion(change, "rule", ("client",), NOW, looks, failures)


def missing(*keys: RecordKey) -> Resolved:
    return Resolved(linked={"client": []}, missing={"client": list(keys)})


def test_all_there_is_finished() -> None:
    done = judge(expansion(), Resolved(linked={"client": [{"id": "c1"}]}), Fetched(), PAUSES)
    assert done == Finished({"client": [{"id": "c1"}]}, {})


@pytest.mark.parametrize(("looks", "pause"), list(enumerate(PAUSES)))
def test_absent_is_asked_again(looks: int, pause: timedelta) -> None:
    again = judge(expansion(looks), missing(KEY), Fetched(absent={KEY}), PAUSES)
    assert isinstance(again, Again)
    assert (again.looks, again.failures, again.next_in) == (looks + 1, 0, pause)


def test_absent_for_the_last_time_is_a_gap() -> None:
    done = judge(expansion(2), missing(KEY), Fetched(absent={KEY}), PAUSES)
    assert isinstance(done, Finished)
    assert done.gaps == {"client": ["c1"]}


@pytest.mark.parametrize("failures", range(len(FAILURE_PAUSES)))
def test_no_answer_waits_longer_and_longer(failures: int) -> None:
    fetched = Fetched(absent={OTHER}, failed={KEY: ProviderError("away")})
    again = judge(expansion(1, failures), missing(KEY, OTHER), fetched, PAUSES)
    assert isinstance(again, Again)
    assert (again.looks, again.failures, again.next_in) == (1, failures + 1, FAILURE_PAUSES[failures])


def test_no_answer_for_hours_is_a_gap() -> None:
    done = judge(
        expansion(0, len(FAILURE_PAUSES)), missing(KEY), Fetched(failed={KEY: ProviderError("away")}), PAUSES
    )
    assert done == Finished({"client": []}, {"client": ["c1"]}, "ProviderError: away")


def test_a_failure_before_anything_was_known_names_the_path_in_the_end() -> None:
    done = judge_failure(expansion(0, len(FAILURE_PAUSES)), RuntimeError("ours"))
    assert done == Finished({"client": []}, {"client": []}, "RuntimeError: ours")


def test_without_a_call_nothing_counts() -> None:
    fetched = Fetched(absent={OTHER}, stopped=BudgetExhaustedError("main", NOW))
    again = judge(expansion(1, 2), missing(KEY, OTHER), fetched, PAUSES)
    assert isinstance(again, Again)
    assert (again.looks, again.failures, again.not_before) == (1, 2, NOW)


@pytest.mark.parametrize(
    "stopped",
    [
        StaleTokenError("10003", endpoint="POST filter", retry_after=0.0),
        RateLimitedError("429", endpoint="POST filter"),
        AccountRefusedError("no"),
    ],
)
def test_who_is_stopped_is_due_at_once_and_a_refused_account_is_held_by_its_halt(stopped: RelayError) -> None:
    again = judge(expansion(1, 2), missing(KEY), Fetched(stopped=stopped), PAUSES)
    assert isinstance(again, Again)
    assert (again.looks, again.failures, again.next_in) == (1, 2, timedelta(0))


def test_who_needs_nothing_that_was_not_asked_for_goes_on() -> None:
    fetched = Fetched(absent={OTHER}, stopped=BudgetExhaustedError("main", NOW))
    assert isinstance(judge(expansion(2), missing(OTHER), fetched, PAUSES), Finished)


def test_where_links_lead_is_asked_later_when_no_call_is_left() -> None:
    resolved = Resolved(linked={"client": []}, gaps={"client": ["c1"]}, unclear=True)
    stopped = BudgetExhaustedError("main", NOW)
    assert isinstance(judge(expansion(), resolved, Fetched(stopped=stopped, unlearnt=True), PAUSES), Again)
    assert isinstance(judge(expansion(), resolved, Fetched(stopped=stopped), PAUSES), Finished)
