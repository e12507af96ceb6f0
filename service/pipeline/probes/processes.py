"""Whether the workers and the scheduler live, and do what they are for. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.db.beats import Beats
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.figures import SCHEDULER, WORKERS
from service.pipeline.probes.wording import spell
from service.ticks.lateness import TickLateness

SCHEDULERS_OWN = frozenset({"sweep", "alarms", "overdue"})
"""Ticks that the scheduler answers itself; all others are jobs of the workers."""
UNSWEPT_FAILS = timedelta(seconds=30)
"""What is lost is promised to be repaired within 30 s: a sweep that is later has broken the promise."""
UNDONE_WARNS = timedelta(minutes=10)
"""A job that was called for is rung for again every 30 s; none takes that long unless it hangs or fails."""


def judge_workers(
    beats: Mapping[str, Beats], ticks: Sequence[TickLateness], *, lost_after: timedelta
) -> list[Check]:
    """Each kind of worker must live; the periodic jobs must get done."""
    checks = [_judge_beats(beats[kind], "relay worker", lost_after) for kind in WORKERS]
    for tick in ticks:
        late = tick.undone or timedelta(0)
        if tick.name not in SCHEDULERS_OWN and late > UNDONE_WARNS:
            output = f"the job {_name(tick)} should have been done {spell(late)} ago: see the worker's log"
            checks.append(Check(Status.WARN, output, round(late.total_seconds(), 1), "s"))
    return checks


def judge_scheduler(
    beats: Mapping[str, Beats], ticks: Sequence[TickLateness], *, lost_after: timedelta
) -> list[Check]:
    """A scheduler must live, claim what is due, and sweep: beating alone repairs nothing."""
    checks = [_judge_beats(beats[SCHEDULER], "relay scheduler", lost_after)]
    latest = max(ticks, key=lambda tick: tick.unclaimed, default=None)
    if latest is not None and latest.unclaimed > lost_after:
        output = f"{_name(latest)} is due for {spell(latest.unclaimed)} and no scheduler took it"
        checks.append(Check(Status.FAIL, output, round(latest.unclaimed.total_seconds(), 1), "s"))
    for tick in ticks:
        late = tick.undone or timedelta(0)
        if tick.name in SCHEDULERS_OWN and late > UNSWEPT_FAILS:
            output = f"{_name(tick)} fails or hangs for {spell(late)}: see the scheduler's log"
            checks.append(Check(Status.FAIL, output, round(late.total_seconds(), 1), "s"))
    return checks


def _judge_beats(beats: Beats, command: str, lost_after: timedelta) -> Check:
    if beats.silence is None:
        return Check(Status.FAIL, f"no {beats.kind} process runs: start `{command}`")
    seconds = round(beats.silence.total_seconds(), 1)
    if beats.silence >= lost_after:
        output = f"no {beats.kind} process has beaten for {spell(beats.silence)}: see to `{command}`"
        return Check(Status.FAIL, output, seconds, "s")
    return Check(Status.PASS, f"{beats.kind}: {beats.alive} alive", seconds, "s")


def _name(tick: TickLateness) -> str:
    return f"{tick.name} {tick.key}".strip()
