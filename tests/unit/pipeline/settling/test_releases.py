"""How a slot is left after a look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service.errors import (
    AppRefusedError,
    BatchSpoiltError,
    BatchTooLargeError,
    BudgetExhaustedError,
    Disposition,
    ProviderError,
    UnsortableError,
)
from service.pipeline.settling.listed import Page
from service.pipeline.settling.releases import (
    after_failure,
    after_no_call,
    after_page,
    after_pause,
    after_success,
)
from service.records.halts import HALT_PAUSE
from service.records.slots import ClaimedSlot, Listed, Release

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)


def slot(batch_size: int = 50, failures: int = 0, halted: str | None = None) -> ClaimedSlot:
    return ClaimedSlot("main", "ia4f42", UUID(int=1), NOW, batch_size, failures, halted)


class LimitedError(ProviderError):
    disposition = Disposition.DEFER
    retry_after = 7.0


@pytest.mark.parametrize(
    ("size", "asked", "grown"), [(50, 49, None), (50, 50, 100), (100, 100, 200), (200, 200, 200), (1, 1, 2)]
)
def test_a_full_batch_lets_the_next_one_grow(size: int, asked: int, grown: int | None) -> None:
    assert after_success(slot(size), asked=asked, left=0, gather=0) == Release(batch_size=grown)


def test_a_batch_grows_to_what_the_provider_takes_at_most() -> None:
    assert after_success(slot(80), asked=80, left=0, gather=0, largest=100) == Release(batch_size=100)


def test_a_second_call_that_the_budget_has_none_for_is_waited_for_and_is_no_failure() -> None:
    free_at = NOW + timedelta(minutes=20)
    release = after_failure(slot(failures=2), BudgetExhaustedError("main", free_at), asked=5, jitter=0)
    assert release == Release(not_before=free_at, failures=2)


def test_a_size_that_failed_is_approached_by_halves() -> None:
    limited = ClaimedSlot("main", "ia4f42", UUID(int=1), NOW, 50, 0, None, ceiling=70)
    assert after_success(limited, asked=50, left=0, gather=0) == Release(batch_size=60)


@pytest.mark.parametrize(("left", "seconds"), [(0, 1), (99, 1), (100, 0)])
def test_the_next_look_waits_for_more_unless_what_is_left_fills_it(left: int, seconds: float) -> None:
    release = after_success(slot(50), asked=50, left=left, gather=0.05)
    assert (release.next_in, release.batch_size) == (timedelta(seconds=seconds), 100)


@pytest.mark.parametrize(("asked", "seconds"), [(1, 0.05), (2, 0.05), (10, 0.2), (100, 2), (200, 2)])
def test_the_more_came_for_a_look_the_longer_the_next_one_waits_for_more(asked: int, seconds: float) -> None:
    release = after_success(slot(200), asked=asked, left=0, gather=0.05)
    assert release.next_in.total_seconds() == pytest.approx(seconds)


def test_a_pause_forgets_nothing() -> None:
    assert after_pause(slot(failures=2, halted="x"), 8.0) == Release(
        next_in=timedelta(seconds=8), failures=2, halted="x", looked=False
    )


def test_success_forgets_failures_and_refusals() -> None:
    release = after_success(slot(failures=3, halted="no access"), asked=1, left=0, gather=0)
    assert (release.failures, release.halted) == (0, None)


def test_without_a_call_nothing_is_forgotten() -> None:
    free = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert after_no_call(slot(failures=2, halted="x"), not_before=free) == Release(
        not_before=free, failures=2, halted="x", looked=False
    )


def test_too_large_a_batch_is_halved_at_once() -> None:
    release = after_failure(slot(), BatchTooLargeError("414"), asked=33, jitter=0)
    assert (release.batch_size, release.ceiling, release.next_in) == (16, 33, timedelta(0))


def test_a_batch_that_one_record_spoils_is_halved_without_a_ceiling() -> None:
    release = after_failure(slot(), BatchSpoiltError("30051"), asked=33, jitter=0)
    assert (release.batch_size, release.ceiling, release.next_in) == (16, None, timedelta(0))


def test_one_record_is_never_too_many() -> None:
    release = after_failure(slot(), BatchTooLargeError("404"), asked=1, jitter=0)
    assert (release.batch_size, release.ceiling) == (None, None)


def test_a_refusal_halts_and_is_tried_now_and_then() -> None:
    release = after_failure(slot(), AppRefusedError("no such app"), asked=3, jitter=0)
    assert (release.halted, release.next_in) == ("no such app", HALT_PAUSE)


def test_a_list_that_is_refused_is_not_asked_for_within_a_day() -> None:
    release = after_failure(slot(), UnsortableError("no such field"), asked=3, jitter=0)
    assert release == Release(listed=Listed(NOW + timedelta(days=1)))


@pytest.mark.parametrize("error", [BatchTooLargeError("its page is too large"), BatchSpoiltError("30051")])
def test_a_page_that_is_too_large_says_nothing_of_how_many_ids_fit_into_a_call(error: ProviderError) -> None:
    release = after_failure(slot(), error, asked=5000, jitter=0, page=Page(0, NOW, alternative=50))
    assert release == Release(listed=Listed(NOW + timedelta(days=1)))


def test_a_look_by_ids_lets_a_list_begin_again() -> None:
    read = replace(slot(), listed=Listed(NOW))
    assert after_success(read, asked=1, left=0, gather=0).listed == Listed(NOW, 0)
    reading = replace(slot(), listed=Listed(NOW, 190))
    assert after_success(reading, asked=1, left=0, gather=0).listed == Listed(NOW, 190)


def test_after_a_page_the_next_one_follows_at_once_while_it_pays() -> None:
    page = Page(0, NOW, alternative=50)
    assert after_page(slot(), page, found=51, left=50, gather=0.05) == Release(listed=Listed(NOW, 190))
    assert after_page(slot(), page, found=50, left=49, gather=0.05) == Release(
        listed=Listed(NOW), next_in=timedelta(seconds=1)
    )


def test_a_deferral_is_no_failure() -> None:
    release = after_failure(slot(failures=2), LimitedError("429"), asked=3, jitter=0)
    assert (release.failures, release.next_in) == (2, timedelta(seconds=7))


@pytest.mark.parametrize(("failures", "longest"), [(0, 1), (3, 8), (50, 300)])
def test_pauses_grow_and_stay_bounded(failures: int, longest: float) -> None:
    pauses = [
        after_failure(slot(failures=failures), RuntimeError("bug"), asked=1, jitter=jitter).next_in
        for jitter in (0, 0.999)
    ]
    assert timedelta(seconds=longest / 2) == pauses[0]
    assert pauses[0] < pauses[1] < timedelta(seconds=longest)
