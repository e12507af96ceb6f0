"""Repeats inside one call: few, short, and only where the caller says that a repetition is safe."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a call is tried. Times in seconds.

    `attempts` counts the first try, so 1 means: never repeated. A pause starts at `first_pause` and doubles,
    with as much jitter again, up to `longest_pause`; one that the other side asks for is kept if it is no
    longer than that, and else the call ends. Raises ValueError for no attempt, and for negative pauses.
    """

    attempts: int = 3
    first_pause: float = 0.25
    longest_pause: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first_pause <= self.longest_pause:
            raise ValueError("retries need at least 1 attempt, and pauses of 0 s or more")

    def pause(self, attempt: int, *, asked: float | None, left: float) -> float | bool:
        """Decide on a repetition after `attempt`: how long to wait first, True: as usual, False: don't.

        `asked` is the wait that the other side asks for; `left` is the time until the call must have ended.
        """
        longest = min(self.first_pause * (2 ** (attempt - 1) + 1), self.longest_pause)
        if asked is not None and asked > self.longest_pause:
            return False
        if left <= max(asked or 0.0, longest):
            return False
        return asked or True


NO_RETRIES = Retries(attempts=1)
"""For callers whose own caller repeats: a failure has one owner."""


async def retry(
    attempting: Callable[[int], Awaitable[Result]],
    *,
    pause: Callable[[Exception, int], float | bool],
    retries: Retries,
) -> Result:
    """Await `attempting(number)`, with numbers from 1, until it succeeds or is not to be repeated.

    `pause` gets an error and the attempt's number, and answers as `Retries.pause` does; where it says False
    the error is raised, as after the last attempt.
    """
    number = 1

    def decide(error: Exception) -> float | bool:
        return pause(error, number)

    async for attempt in stamina.retry_context(
        decide,
        attempts=retries.attempts,
        timeout=None,  # `pause` knows what time is left
        wait_initial=retries.first_pause,
        wait_jitter=retries.first_pause,
        wait_max=retries.longest_pause,
    ):
        with attempt:
            number = attempt.num
            return await attempting(number)
    raise AssertionError("the last attempt ends with a result or an error")
