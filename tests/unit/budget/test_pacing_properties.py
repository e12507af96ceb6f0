"""What pacing promises whatever comes: never dry, everybody's turn, rests that end."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from service.budget.pacing import (
    Standing,
    Waiting,
    gap_before,
    looks_in_row,
    rest_after,
    whose_turn,
)

WINDOW = 3600.0
APP = "ia0001"
BATCH = 200
LONGEST = 4
"""In even gaps: so long a call is waited for, at most."""
ROUNDS = 3

arrivals = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 5), st.floats(0, WINDOW)),
        st.one_of(st.just(1), st.integers(1, BATCH), st.integers(1, 40 * BATCH)),
    ),
    max_size=60,
)
"""After so many seconds so many records become due."""


@dataclass
class Account:
    """One app that settles at the pace it is told, alone in its account. Each call is answered at once."""

    usable: int
    now: float = 0.0
    due: int = 0
    called: deque[float] = field(default_factory=deque)
    last: float | None = None
    waits: list[float] = field(default_factory=list)
    """How long each call had to be waited for, since the one before or since something was due."""

    def work(self, until: float) -> None:
        """Make calls while something is due, up to a moment."""
        wanted = self.now
        while self.due:
            at = self.now + self.pause()
            if at > until:
                break
            if at > self.now:
                self.now = at
                continue
            self.due -= min(self.due, BATCH)
            self.waits.append(self.now - wanted)
            wanted = self.last = self.now
            self.called.append(self.now)
        self.now = until

    def pause(self) -> float:
        """Ask the pacing; with no call left, wait for the next one."""
        while self.called and self.called[0] + WINDOW <= self.now:
            self.called.popleft()
        returning = [at + WINDOW - self.now for at in self.called]
        since = self.now - self.last if self.called and self.last is not None else None
        standing = Standing(len(self.called), self.usable, WINDOW, since, returning)
        if standing.free == 0:
            return returning[0]
        gap = gap_before(standing, [Waiting(APP, self.due, 0.0, BATCH)], APP)
        return 0.0 if since is None else gap - since


@given(usable=st.integers(1, 60), arrivals=arrivals)
def test_nobody_waits_longer_for_a_call_than_four_even_gaps(
    usable: int, arrivals: Sequence[tuple[float, int]]
) -> None:
    account = Account(usable)
    for pause, records in arrivals:
        account.work(account.now + pause)
        account.due += records
    account.work(account.now + 2 * WINDOW)
    assert max(account.waits, default=0.0) <= LONGEST * WINDOW / usable * 1.001


@given(usable=st.integers(1, 60), arrivals=arrivals)
def test_never_more_calls_than_the_budget_within_a_window(
    usable: int, arrivals: Sequence[tuple[float, int]]
) -> None:
    account = Account(usable)
    for pause, records in arrivals:
        account.work(account.now + pause)
        account.due += records
        assert len(account.called) <= usable


@given(usable=st.integers(20, 60), before=st.floats(0, WINDOW))
def test_an_event_is_looked_at_at_once_while_a_tenth_of_the_budget_is_enough(
    usable: int, before: float
) -> None:
    account = Account(usable)
    for _ in range(usable // 10):
        account.due += 1
        account.work(account.now + before)
    assert max(account.waits) == 0


@given(
    loads=st.lists(st.tuples(st.integers(1, 100_000), st.floats(0, 500)), min_size=1, max_size=12),
    gap=st.floats(0.5, 60),
)
def test_everybody_has_a_turn_within_three_rounds(loads: Sequence[tuple[int, float]], gap: float) -> None:
    """`loads`: what waits in each app at first, and how much more comes with each gap."""
    waiting = {str(number): float(records) for number, (records, _) in enumerate(loads)}
    looked = dict.fromkeys(waiting, 0.0)
    longest = now = 0.0
    for turn in range(1, 20 * len(loads)):
        now = turn * gap
        backlog = [Waiting(name, int(waiting[name]) or 1, now - looked[name], BATCH) for name in waiting]
        name = whose_turn(backlog, gap)
        assert name is not None
        longest = max(longest, now - looked[name])
        looked[name] = now
        waiting[name] = max(1.0, waiting[name] - BATCH)
        for other, (_, more) in zip(waiting, loads, strict=True):
            waiting[other] += more
    longest = max(longest, *(now - at for at in looked.values()))
    assert longest <= (ROUNDS * len(loads) + 1) * gap


@given(usable=st.integers(1, 1000), late=st.floats(0, 1))
def test_rests_grow_up_to_a_bound_while_looks_are_in_a_row(usable: int, late: float) -> None:
    """Each look comes a part (`late`) of the rest after its end."""
    standing = Standing(0, usable, WINDOW)
    rests, in_row, since = list[float](), 0, None
    for _ in range(20):
        in_row = looks_in_row(in_row, since_last=since, standing=standing)
        rests.append(rest_after(in_row, standing))
        since = rests[-1] * (1 + late)
    longest = min(8 * WINDOW / usable, WINDOW / 4)
    assert rests == sorted(rests)
    assert rests[0] == min(1.0, longest)
    assert rests[-1] == longest


@given(usable=st.integers(1, 1000), in_row=st.integers(0, 10))
def test_a_record_that_was_left_alone_begins_anew(usable: int, in_row: int) -> None:
    standing = Standing(0, usable, WINDOW)
    after = 2 * rest_after(in_row, standing) + 0.001
    assert looks_in_row(in_row, since_last=after, standing=standing) == 0


def test_no_rest_at_all_where_the_first_is_none() -> None:
    standing = Standing(0, 450, WINDOW)
    assert rest_after(5, standing, first=0.0) == 0
