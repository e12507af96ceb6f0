"""When a page of what changed last is read instead of asking by ids."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.decision import Hint
from service.changes.types import Kind
from service.inbox.batching import DueDelivery
from service.pipeline.settling.listed import Page, listable, next_page, read_to
from service.pipeline.settling.releases import after_success
from service.records.slots import ClaimedSlot, Listed

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def slot(listed: Listed | None = None, *, ceiling: int | None = 51, size: int = 50) -> ClaimedSlot:
    return ClaimedSlot("main", "ia", UUID(int=1), NOW, size, 0, None, ceiling, listed)


def _hint(number: int, kind: Kind | None = Kind.UPDATE, looks: int = 0, *, received: datetime = NOW) -> Hint:
    return Hint(number, kind, looks, received_at=received, waited=timedelta(0))


def due(count: int, received: datetime = BEFORE, start: int = 0) -> dict[str, list[DueDelivery]]:
    return {
        f"r{number}": [DueDelivery(_hint(number, received=received), f"r{number}")]
        for number in range(start, start + count)
    }


@pytest.mark.parametrize(("count", "listed"), [(100, False), (101, True), (200, True), (6000, True)])
def test_a_list_is_begun_where_it_takes_fewer_calls(count: int, listed: bool) -> None:
    assert (next_page(slot(), due(count)) == Page(0, NOW, 50)) is listed


def test_no_list_where_many_ids_fit_into_a_call() -> None:
    assert next_page(slot(ceiling=None), due(1000)) is None
    assert next_page(slot(ceiling=400, size=200), due(399)) is None


def test_the_list_goes_on_behind_what_came_in_meanwhile() -> None:
    reading = slot(Listed(NOW, 190))
    assert next_page(reading, due(100) | due(7, AFTER, 100)) == Page(197, NOW, 50)
    assert next_page(reading, due(50) | due(7, AFTER, 50)) is None


def test_a_record_with_a_newer_hint_is_at_the_head_again() -> None:
    hints = due(100)
    for record_id, newer in due(30, AFTER).items():
        hints[record_id] = hints[record_id] + newer
    assert next_page(slot(Listed(NOW, 190)), hints) == Page(220, NOW, 50)


def test_after_a_list_a_look_by_ids_comes_first() -> None:
    assert next_page(slot(Listed(NOW)), due(500, AFTER)) is None
    assert next_page(slot(Listed(NOW, 0)), due(500, AFTER)) == Page(0, NOW, 50)
    assert next_page(slot(Listed(NOW, 0)), due(500, BEFORE)) is None, "they were not in the list"


def test_deleted_and_doubtful_records_are_not_looked_for_in_a_list() -> None:
    hints = [_hint(1), _hint(2, Kind.DELETE), _hint(3, looks=1), _hint(4, None)]
    records = ["a", "a", "b", "c"]
    batch = listable([DueDelivery(*pair) for pair in zip(hints, records, strict=True)])
    assert batch.record_ids == ["c"]


def _hits(listing: list[str], page: Page, waiting: Mapping[str, object]) -> list[str]:
    return [one for one in listing[page.offset : page.offset + 200] if one in waiting]


@given(
    st.lists(st.integers(0, 150), max_size=12),
    st.integers(1, 700),
    st.integers(0, 80),
)
def test_whatever_comes_in_all_is_settled_and_lists_cost_little(
    arrivals: list[int], first: int, unlisted: int
) -> None:
    """A list may show none of some records (`unlisted`): these are asked for by ids in the end."""
    listing: list[str] = []
    waiting: dict[str, list[DueDelivery]] = {}
    listed: Listed | None = None
    clock, number, calls, wasted, lists = NOW, 0, 0, 0, 0
    while waiting or arrivals or first:
        clock += timedelta(seconds=1)
        coming = first or (arrivals.pop() if arrivals else 0)
        first = 0
        fresh = due(coming, clock, number)
        number += coming
        waiting |= fresh
        listing = [one for one in reversed(fresh) if int(one[1:]) >= unlisted] + listing
        clock += timedelta(seconds=1)
        at = ClaimedSlot("main", "ia", UUID(int=1), clock, 50, 0, None, 51, listed)
        page = next_page(at, waiting)
        if page is None:
            settled = list(waiting)[:50]
            release = after_success(at, asked=len(settled), left=0, gather=0)
            listed = release.listed or listed
        else:
            lists += page.offset == 0
            settled = _hits(listing, page, waiting)
            listed = read_to(page, found=len(settled))
            wasted += len(settled) <= 50
        calls += 1
        for one in settled:
            del waiting[one]
        assert calls < 500
    assert wasted <= lists
    assert calls <= -(-number // 50) + lists + 13, "by ids alone, and one call for each list"
