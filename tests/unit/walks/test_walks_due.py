"""Which app is read next, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from service.budget.lanes import Limit
from service.walks.due import due_at, left_to_rounds, next_due, walk_cost
from service.walks.standing import Ended, Standing, UnderWay

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
LIMIT = Limit(500, timedelta(hours=1))
"""Of which 100 are for reconciling: 25 of them for apps that are read again and again."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def standing(
    app_id: str = "a1",
    *,
    began: timedelta | None = HOUR,
    took: timedelta = timedelta(0),
    gone: int = 0,
    counted: timedelta | None = MINUTE,
    sortable: bool = True,
    under_way: timedelta | None = None,
    records: int = 1_000,
) -> Standing:
    """An app that was last read `began` ago."""
    ended = None
    if began is not None:
        ended = Ended(began_at=NOW - began, ended_at=NOW - began + took, calls=9, missing=0)
    on = None
    if under_way is not None:
        on = UnderWay(since=NOW - DAY, next_at=NOW + under_way, seen=1, expected=None, error=None)
    return Standing(
        app_id=app_id,
        name=app_id,
        moment=NOW,
        under_way=on,
        ended=ended,
        api_count=records,
        known_count=records + gone,
        gone=gone,
        counted_at=None if counted is None else NOW - counted,
        sortable=sortable,
    )


def waits(each: Standing) -> timedelta:
    return due_at(each, every=DAY, limit=LIMIT) - NOW


def test_a_day_after_it_began() -> None:
    assert waits(standing(began=HOUR)) == DAY - HOUR
    assert waits(standing(began=3 * DAY, took=2 * DAY + HOUR)) == timedelta(hours=-23)


def test_at_once_where_it_never_ended() -> None:
    assert waits(standing(began=None)) < -DAY


def test_one_under_way_goes_on_when_it_may() -> None:
    assert waits(standing(under_way=MINUTE)) == MINUTE


def test_deletions_that_the_count_shows_hasten_it() -> None:
    eight_calls = HOUR * 8 / 25
    assert waits(standing(began=HOUR, gone=1)) == eight_calls - HOUR
    assert waits(standing(began=MINUTE, gone=1, counted=timedelta(0))) == eight_calls - MINUTE
    assert waits(standing(began=HOUR, gone=1, counted=2 * HOUR)) == DAY - HOUR, "counted before it was read"
    assert waits(standing(began=HOUR, gone=1, counted=None)) == DAY - HOUR


def test_what_costs_too_much_is_read_at_its_time() -> None:
    assert waits(standing(began=HOUR, gone=1, records=1_000_000)) == DAY - HOUR


def test_without_a_list_by_modification_it_is_read_as_often_as_may_be() -> None:
    assert waits(standing(began=HOUR, sortable=False)) == HOUR * 8 / 25 - HOUR


def test_who_is_under_way_goes_first_then_who_waits_longest() -> None:
    def chosen(*standings: Standing) -> str | None:
        found = next_due(standings, every=DAY, limit=LIMIT)
        return None if found is None else found.app_id

    late, later = standing("late", began=2 * DAY), standing("later", began=3 * DAY)
    assert chosen(late, later) == "later"
    assert chosen(late, later, standing("never", began=None)) == "never"
    assert chosen(late, standing("going", under_way=-MINUTE)) == "going"
    assert chosen(late, standing("failing", under_way=MINUTE)) == "late"
    assert chosen(standing(), standing("failing", under_way=MINUTE)) is None


@pytest.mark.parametrize(("records", "calls"), [(0, 3), (1, 3), (190, 3), (191, 4), (105_000, 555)])
def test_what_reading_an_app_costs(records: int, calls: int) -> None:
    assert walk_cost(records) == calls


@pytest.mark.parametrize(("calls", "left"), [(1, 0), (5, 0), (10, 1), (500, 25)])
def test_rounds_keep_a_part_of_the_lane(calls: int, left: int) -> None:
    assert left_to_rounds(Limit(calls, HOUR)) == left
