"""What the relay is compared with: a call for each event, and looks at fixed times."""

import random
from heapq import heapify, heappop, heappush

from benchmarks.simulation.arrivals import Load
from benchmarks.simulation.outcome import Outcome
from benchmarks.simulation.provider import DURATION, Provider
from benchmarks.simulation.waiting import Queue
from service.transport.batch_size import LARGEST_BATCH

_FIRST_BACK_OFF, _LONGEST_BACK_OFF = 1.0, 3600.0
_MOST_DOUBLINGS = 12


def call_for_each_event(load: Load) -> Outcome:
    """Call at once; after a 429 try again in 1 s, doubling up to an hour, with jitter; never give up."""
    provider, outcome = Provider(), Outcome()
    chance = random.Random(load.name)  # noqa: S311  no secret: the same jitter at each run
    tries = [(at, at, 0) for events in load.apps for times in (events.times, events.hot) for at in times]
    heapify(tries)
    while tries and tries[0][0] < load.seconds:
        now, happened, before = heappop(tries)
        if provider.accepts(now):
            outcome.fetched([happened], now, now + DURATION, records=1)
            continue
        outcome.refused += 1
        back_off = min(_LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2.0 ** min(before, _MOST_DOUBLINGS))
        heappush(tries, (now + DURATION + back_off * (0.5 + chance.random() / 2), happened, before + 1))
    outcome.never_fetched((happened for _, happened, _ in tries), load.seconds)
    return outcome


def look_at_fixed_times(load: Load, *, every: float) -> Outcome:
    """Each `every` seconds one call for each app where something is due, for up to 200 records."""
    provider, outcome = Provider(), Outcome()
    queues = [Queue(events) for events in load.apps]
    for number in range(1, int(load.seconds / every)):
        now = every * number
        for queue in queues:
            due = queue.records(now)
            if not due:
                continue
            if not provider.accepts(now):
                outcome.refused += 1
                continue
            times, _ = queue.take(LARGEST_BATCH, now)
            outcome.fetched(times, now, now + DURATION, records=min(LARGEST_BATCH, due))
    for queue in queues:
        outcome.never_fetched(queue.rest(load.seconds), load.seconds)
    return outcome
