"""Which repetitions there are inside one call, and how long they wait."""

import asyncio

import pytest

from service.transport.retrying import NO_RETRIES, Retries, retry

QUICK = Retries(attempts=3, first_pause=0.0, longest_pause=0.0)


class Attempts:
    """Fails as often as it is told, and notes the attempts' numbers."""

    def __init__(self, failures: int) -> None:
        self.numbers: list[int] = []
        self._failures = failures

    async def __call__(self, number: int) -> str:
        self.numbers.append(number)
        if len(self.numbers) <= self._failures:
            raise OSError(f"attempt {number}")
        return "done"


@pytest.mark.parametrize(("failures", "expected"), [(0, [1]), (1, [1, 2]), (2, [1, 2, 3])])
async def test_it_ends_with_the_first_success(failures: int, expected: list[int]) -> None:
    attempts = Attempts(failures)
    assert await retry(attempts, pause=lambda *_: True, retries=QUICK) == "done"
    assert attempts.numbers == expected


async def test_the_last_attempt_s_error_is_raised() -> None:
    attempts = Attempts(5)
    with pytest.raises(OSError, match="attempt 3"):
        await retry(attempts, pause=lambda *_: True, retries=QUICK)
    assert attempts.numbers == [1, 2, 3]


@pytest.mark.parametrize(("retries", "again"), [(NO_RETRIES, True), (QUICK, False)])
async def test_it_is_not_repeated_when_it_must_not_be(retries: Retries, again: bool) -> None:
    attempts = Attempts(5)
    with pytest.raises(OSError, match="attempt 1"):
        await retry(attempts, pause=lambda *_: again, retries=retries)
    assert attempts.numbers == [1]


async def test_the_decision_hears_of_the_error_and_of_the_attempt() -> None:
    heard: list[tuple[str, int]] = []

    def pause(error: Exception, number: int) -> float:
        heard.append((str(error), number))
        return 0.0

    await retry(Attempts(2), pause=pause, retries=Retries(attempts=3, first_pause=1.0))
    assert heard == [("attempt 1", 1), ("attempt 2", 2)]


async def test_whoever_cancels_is_not_made_to_wait() -> None:
    entered = asyncio.Event()

    async def hanging(_: int) -> None:
        entered.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(
        retry(hanging, pause=lambda error, _: isinstance(error, OSError), retries=Retries(first_pause=5.0))
    )
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("attempt", "asked", "left", "expected"),
    [
        (1, None, 60.0, True),
        (1, 0.0, 60.0, True),
        (1, 3.0, 60.0, 3.0),
        (1, 5.0, 60.0, 5.0),
        (1, 5.1, 60.0, False),  # longer than we wait inside a call
        (1, 3.0, 3.0, False),  # the call would be over
        (1, None, 2.0, False),  # a pause may last 1 + 1 s
        (1, None, 2.1, True),
        (2, None, 3.0, False),
        (2, None, 3.1, True),
        (9, None, 5.1, True),
        (1, None, 0.0, False),
    ],
)
def test_a_pause_fits_into_the_time_that_is_left(
    attempt: int, asked: float | None, left: float, expected: float | bool
) -> None:
    decided = Retries(first_pause=1.0, longest_pause=5.0).pause(attempt, asked=asked, left=left)
    assert (decided, type(decided)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("attempts", "first", "longest"), [(0, 0.1, 1.0), (3, -0.1, 1.0), (3, 2.0, 1.0), (3, 0.1, float("nan"))]
)
def test_impossible_retries_are_refused(attempts: int, first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="at least 1 attempt"):
        Retries(attempts=attempts, first_pause=first, longest_pause=longest)
