"""What health says of full sweeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.budget.lanes import Limit
from service.pipeline.probes.checks import Check, Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.sweeps import judge_sweeps
from service.walks.standing import Ended, Standing, UnderWay

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
EXPECTED = Expected(
    limits={"main": Limit(500, timedelta(hours=1))},
    apps={"main": ("Tasks", "a2")},
    handlers=frozenset(),
    full_sweeps={"main": timedelta(hours=24)},
)


def standing(app_id: str, name: str, *, hours_ago: float, took: float = 60.0, missing: int = 0) -> Standing:
    began = NOW - timedelta(hours=hours_ago)
    ended = Ended(began_at=began, ended_at=began + timedelta(seconds=took), calls=5, missing=missing)
    return Standing(app_id=app_id, name=name, moment=NOW, ended=ended)


TASKS = standing("a1", "Tasks", hours_ago=20)
CLIENTS = standing("a2", "Clients", hours_ago=10, took=725)
OTHER = standing("a3", "Unnamed", hours_ago=1000, took=9999)


def judged(*standings: Standing) -> Check:
    (check,) = judge_sweeps({"main": standings}, EXPECTED)
    return check


def test_the_longest_and_the_next_are_told() -> None:
    assert judged(TASKS, CLIENTS, OTHER) == Check(
        Status.PASS,
        "account main: the longest last full sweep took 12m5s (Clients);"
        " the next is due at 2026-11-22T10:00:00Z (Tasks)",
        725.0,
        "s",
    )


def test_one_under_way_tells_how_far_it_is() -> None:
    going = UnderWay(since=NOW, next_at=NOW, seen=380, expected=1000, error=None)
    check = judged(replace(TASKS, under_way=going), CLIENTS)
    assert (check.status, (check.output or "").rpartition("; ")[2]) == (
        Status.PASS,
        "under way: Tasks (380 of 1000 records)",
    )


def test_troubles_warn() -> None:
    failing = UnderWay(since=NOW, next_at=NOW, seen=0, expected=None, error="UnavailableError: away")
    late = standing("a1", "Tasks", hours_ago=50, missing=3)
    check = judged(replace(late, under_way=failing))
    assert check.status is Status.WARN
    assert "no full sweep ended for 2d: Tasks" in (check.output or "")
    assert "the provider counts more records than it lists: Tasks" in (check.output or "")
    assert "failing: Tasks: UnavailableError: away" in (check.output or "")


def test_before_the_first_one_there_is_nothing_to_tell() -> None:
    assert judge_sweeps({"main": [replace(TASKS, ended=None)]}, EXPECTED) == []
    assert judge_sweeps({"main": [OTHER]}, EXPECTED) == []
