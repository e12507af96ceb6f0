"""When all records of an app are read again. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from service.budget.lanes import Lane, Limit
from service.walks.standing import Standing

ROWS_PER_CALL = 190
"""At Fusioo: a page has 200 rows, and overlaps the one before by ten (fusioo/paging.py)."""
_COUNTS = 2
_LEFT_TO_ROUNDS = 0.25
"""The share of its lane that full sweeps leave to reconcile's rounds, which are due more often."""
_HASTENED_SHARE = 0.25
"""The share of the lane's calls that an app may cost that is read again because of its count."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def walk_cost(records: int, rows_per_call: int = ROWS_PER_CALL) -> int:
    """Say how many calls it takes, about, to read so many records of an app that is left alone."""
    return max(1, -(-records // rows_per_call)) + _COUNTS


def left_to_rounds(limit: Limit) -> int:
    """Say how many calls of reconcile's lane full sweeps do not touch."""
    own = limit.own(Lane.RECONCILE) or limit.calls
    return min(own - 1, max(1, round(own * _LEFT_TO_ROUNDS)))


def due_at(standing: Standing, *, every: timedelta, limit: Limit) -> datetime:
    """Say when an app is swept next, or goes on being: a moment in the past where that is due.

    Once it ended, `every` after it began. Sooner, as soon as it may cost so much again, where the count shows
    fewer records than we know, or where reconcile can't see what changed.
    """
    if standing.under_way is not None:
        return standing.under_way.next_at
    if standing.ended is None:
        return _BEGINNING
    regular = max(standing.ended.began_at + every, standing.ended.ended_at)
    if standing.sortable and not _shows_deletions(standing):
        return regular
    return min(regular, standing.ended.ended_at + _hastened_every(standing.api_count or 0, limit))


def next_due(standings: Iterable[Standing], *, every: timedelta, limit: Limit) -> Standing | None:
    """Choose the app to be read now: one that is under way before others, then what waits longest."""
    due = [each for each in standings if due_at(each, every=every, limit=limit) <= each.moment]
    return min(
        due,
        key=lambda each: (
            each.under_way is None,
            due_at(each, every=every, limit=limit),
            each.known_count or 0,
            each.app_id,
        ),
        default=None,
    )


def _shows_deletions(standing: Standing) -> bool:
    """Whether a count since the last walk shows fewer records than we know."""
    if standing.ended is None or standing.counted_at is None:
        return False
    return standing.gone > 0 and standing.counted_at > standing.ended.ended_at


def _hastened_every(records: int, limit: Limit) -> timedelta:
    """How long an app is left alone whose count shows deletions again and again, whatever is done."""
    calls = max(1.0, (limit.own(Lane.RECONCILE) or limit.calls) * _HASTENED_SHARE)
    return limit.window * (walk_cost(records) / calls)
