"""Which doorbells are sent, and when."""

from itertools import pairwise
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from service.queue.coalescing import WaitingDoorbells
from service.queue.messages import RunHandler

OPS, CRM = RunHandler("ops"), RunHandler("crm")


def test_the_first_is_due_at_once_and_the_next_after_the_gap() -> None:
    waiting = WaitingDoorbells(gap=2)
    waiting.add(OPS)
    assert waiting.take(10, now=100) == [OPS]
    assert waiting.add(OPS) == waiting.next_due() == 102
    assert waiting.take(10, now=101.9) == []
    assert waiting.take(10, now=102) == [OPS]
    assert not waiting
    assert waiting.next_due() == inf


def test_one_that_rests_holds_up_no_other() -> None:
    waiting = WaitingDoorbells(gap=2)
    waiting.add(OPS)
    waiting.take(10, now=100)
    waiting.add(OPS)
    waiting.add(CRM)
    assert waiting.take(10, now=100) == [CRM]


def test_no_more_are_taken_than_asked_for_and_the_others_stay() -> None:
    waiting = WaitingDoorbells(gap=2)
    for number in range(5):
        waiting.add(RunHandler(str(number)))
    assert len(waiting.take(3, now=1)) == 3
    assert [doorbell in waiting for doorbell in map(RunHandler, "01234")] == [False] * 3 + [True] * 2


@given(
    rings=st.lists(st.tuples(st.sampled_from("abc"), st.floats(min_value=0, max_value=3)), max_size=30),
)
def test_every_ring_is_followed_by_a_sending_and_no_two_are_closer_than_the_gap(
    rings: list[tuple[str, float]],
) -> None:
    """The sender looks at each ring and whenever the next one is due, as the publisher's thread does."""
    waiting, now = WaitingDoorbells(gap=1), 0.0
    rung: dict[str, float] = {}
    sent: dict[str, list[float]] = {name: [] for name in "abc"}

    def send(until: float) -> None:
        nonlocal now
        while waiting and waiting.next_due() <= until:
            now = max(now, waiting.next_due())
            for doorbell in waiting.take(10, now=now):
                assert isinstance(doorbell, RunHandler)
                sent[doorbell.handler].append(now)

    for name, pause in rings:
        send(now + pause)
        now += pause
        rung[name] = now
        if RunHandler(name) not in waiting:
            waiting.add(RunHandler(name))
        send(now)
    send(inf)
    for name, last in rung.items():
        assert sent[name][-1] >= last
        assert all(later - earlier >= 1 - 1e-9 for earlier, later in pairwise(sent[name]))
