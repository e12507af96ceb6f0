"""Walks through lists that shift, as the client makes them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fusioo import errors
from service.fusioo.paging import Paging
from service.fusioo.walking import Progress
from tests.fixtures.fusioo_client import client_over, enveloped
from tests.fixtures.shifting import Meddler, ShiftingList
from tests.fixtures.shifting_api import DAY, ShiftingApi

SMALL = Paging(page_size=5, overlap=2)


def api_of(length: int) -> ShiftingApi:
    return ShiftingApi(ShiftingList.of(length))


def failing(times: int, answer: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response | None]:
    left = times

    def fail(_request: httpx2.Request) -> httpx2.Response | None:
        nonlocal left
        left -= 1
        return answer if left >= 0 else None

    return fail


async def test_all_records_come_once_with_progress() -> None:
    api, told = api_of(450), list[Progress]()
    walk = client_over(api).records.walk("ia", on_progress=told.append)
    records = [record["id"] async for record in walk]
    assert records == [f"r{number}" for number in range(1, 451)]
    assert (walk.missing, walk.steady) == (0, True)
    assert told[0] == Progress(seen=200, expected=None, pages=1, calls=1, rounds=1)
    assert told[-1] == walk.progress == Progress(seen=450, expected=450, pages=3, calls=5, rounds=1)
    assert api.queries()[0] == {"sort_by": "created", "order": "asc", "offset": "0", "limit": "200"}
    assert [query.get("offset") for query in api.queries()] == ["0", None, "190", "380", None]


async def test_conditions_are_sent_with_pages_and_counts() -> None:
    api = api_of(3)
    conditions = {"status": {"contains": "Done"}}
    walk = client_over(api).records.walk("ia", conditions)
    assert len([record async for record in walk]) == 3
    assert [(call.method, call.url.path) for call in api.calls] == [
        ("POST", "/v3/records/apps/ia/filter"),
        ("POST", "/v3/records/apps/ia/count/filter"),
    ]
    assert api.bodies() == [conditions, conditions]


async def test_deleted_records_are_not_counted() -> None:
    api = api_of(3)
    walk = client_over(api).records.walk("ia", include_deleted=True)
    assert len([record async for record in walk]) == 3
    assert [query["includeDeleted"] for query in api.queries()] == ["true"]
    with pytest.raises(ValueError, match="without conditions"):
        client_over(api).records.walk("ia", {}, include_deleted=True)


@given(st.randoms(use_true_random=True), st.integers(0, 40), st.integers(0, 20), st.integers(0, 12))
async def test_a_walk_loses_nothing_that_was_there_all_along(
    rng: Random, length: int, turns: int, at_once: int
) -> None:
    api = api_of(length)
    api.meddle = meddler = Meddler(
        api.rows, rng, ["create", "delete", "restore"], turns=turns, at_once=at_once
    )
    paging = Paging(page_size=5, overlap=2, most_calls=2000)
    walk = client_over(api).records.walk("ia", paging=paging, allow_missing=True)
    records = [record["id"] async for record in walk]
    assert len(records) == len(set(records))
    assert meddler.always <= set(records)


async def test_where_created_cannot_be_sorted_by_the_key_field_is_taken() -> None:
    api = api_of(12)
    api.answer = failing(1, enveloped(None, code=30101, status=400))
    walk = client_over(api).records.walk("ia", paging=SMALL)
    assert len([record async for record in walk]) == 12
    assert [query.get("sort_by") for query in api.queries()][:2] == ["created", None]
    assert (walk.steady, walk.missing, walk.progress.calls) == (False, 0, len(api.calls))


async def test_a_sort_that_was_chosen_is_not_replaced() -> None:
    api = api_of(1)
    api.answer = failing(1, enveloped(None, code=30101, status=400))
    with pytest.raises(errors.SortFieldNotSortableError):
        await anext(client_over(api).records.walk("ia", sort_by="number"))


@pytest.mark.parametrize(("lasting", "steady"), [(None, False), (True, True)])
async def test_who_knows_a_lasting_order_can_say_so(lasting: bool | None, steady: bool) -> None:
    walk = client_over(api_of(9)).records.walk("ia", sort_by="number", lasting=lasting, paging=SMALL)
    assert len([record async for record in walk]) == 9
    assert walk.steady is steady


async def test_an_order_that_is_ignored_is_noticed() -> None:
    api = api_of(9)
    by_title = sorted(api.rows.place, reverse=True)

    def list_by_title(request: httpx2.Request) -> httpx2.Response | None:
        if "/count" in request.url.path:
            return None
        offset = int(request.url.params["offset"])
        return enveloped([api.shown(one) for one in by_title[offset : offset + 5]])

    api.answer = list_by_title
    walk = client_over(api).records.walk("ia", paging=SMALL)
    assert len([record async for record in walk]) == 9
    assert not walk.steady


async def test_after_an_error_a_walk_goes_on_where_it_was() -> None:
    api = api_of(12)
    walk = client_over(api).records.walk("ia", paging=SMALL)
    records = [(await anext(walk))["id"] for _ in range(5)]
    api.answer = failing(1, httpx2.Response(429))
    with pytest.raises(errors.RateLimitedError):
        await anext(walk)
    records += [record["id"] async for record in walk]
    assert records == [f"r{number}" for number in range(1, 13)]


async def test_what_is_missing_is_an_error_at_the_end() -> None:
    api = api_of(7)
    api.answer = lambda request: enveloped({"count": 9}) if "/count" in request.url.path else None
    walk = client_over(api).records.walk("ia", paging=SMALL)
    assert len([await anext(walk) for _ in range(7)]) == 7
    with pytest.raises(errors.ListIncompleteError, match="at least 2 missing after 2 rounds") as caught:
        await anext(walk)
    assert caught.value.missing == walk.missing == 2
    orders = [query["order"] for query in api.queries() if "order" in query]
    assert orders == sorted(orders)
    assert set(orders) == {"asc", "desc"}  # the second round goes the other way
    allowed = client_over(api).records.walk("ia", paging=SMALL, allow_missing=True)
    assert len([record async for record in allowed]) == 7
    assert allowed.missing == 2


async def test_discussions_are_walked_through() -> None:
    api = api_of(12)
    walk = client_over(api).discussions.walk("ir", paging=SMALL, order="desc")
    assert [one.id async for one in walk] == [f"r{number}" for number in range(12, 0, -1)]
    assert {call.url.path for call in api.calls} == {"/v3/discussions/records/ir"}
    assert walk.progress == Progress(seen=12, expected=None, pages=4, calls=4, rounds=1)
    assert walk.steady


def at(second: int) -> datetime:
    return DAY + timedelta(seconds=second)


async def test_the_newest_come_first_and_end_where_asked() -> None:
    api = api_of(40)
    newest = client_over(api).records.newest("ia", until=at(28), paging=SMALL)
    assert [record["id"] async for record in newest] == [f"r{number}" for number in range(40, 27, -1)]
    assert api.queries()[0] == {"sort_by": "last_modified", "order": "desc", "offset": "0", "limit": "5"}
    assert len(api.calls) == 5  # four pages down, and the head once more


async def test_a_record_that_is_edited_meanwhile_is_found_at_the_head() -> None:
    api = api_of(40)

    def edit_one_that_is_still_to_come() -> None:
        if len(api.calls) == 2:
            api.rows.place["r29"] = 41.0

    api.meddle = edit_one_that_is_still_to_come
    newest = client_over(api).records.newest("ia", until=at(28), paging=SMALL)
    records = [record["id"] async for record in newest]
    assert sorted(records) == sorted(f"r{number}" for number in range(28, 41))


async def test_deletions_before_the_limit_hide_nothing_newer() -> None:
    api = api_of(40)

    def delete_what_was_read() -> None:
        if len(api.calls) == 2:
            for number in range(33, 41):
                api.rows.delete(f"r{number}")

    api.meddle = delete_what_was_read
    newest = client_over(api).records.newest("ia", until=at(27), paging=SMALL)
    records = [record["id"] async for record in newest]
    assert {f"r{number}" for number in range(27, 33)} <= set(records)


async def test_newest_refuses_what_it_cannot_keep() -> None:
    client = client_over(api_of(3))
    with pytest.raises(ValueError, match="time zone"):
        client.records.newest("ia", until=datetime(2026, 1, 1))  # noqa: DTZ001  that is the mistake
    api = api_of(3)
    api.answer = failing(1, enveloped([{"id": "r1"}]))
    with pytest.raises(errors.UnreadableAnswerError, match="no last_modified"):
        await anext(client_over(api).records.newest("ia", until=datetime(2026, 1, 1, tzinfo=UTC)))
    unsorted = api_of(3)
    unsorted.answer = failing(1, enveloped([unsorted.shown("r1"), unsorted.shown("r3")]))
    with pytest.raises(errors.UnreadableAnswerError, match="not sorted by created"):
        await anext(client_over(unsorted).records.newest("ia", until=at(0), by="created"))
