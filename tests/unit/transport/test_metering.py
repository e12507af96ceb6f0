"""Who counts which call."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.transport.metering import FirstPaid


class Counting:
    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    @asynccontextmanager
    async def call(self, endpoint: str) -> AsyncIterator[Callable[[int], None]]:
        yield lambda status: self.calls.append((endpoint, status))


async def test_the_first_call_was_paid_before_and_all_others_are_counted_elsewhere() -> None:
    prepaid, lane = Counting(), Counting()
    meter = FirstPaid(prepaid, then=lane)
    for number in range(3):
        async with meter.call(f"GET {number}") as note_status:
            note_status(200)
    assert prepaid.calls == [("GET 0", 200)]
    assert lane.calls == [("GET 1", 200), ("GET 2", 200)]
