"""Walks and batches: whatever the API refuses as too large, no row is lost and none comes twice."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.onspring.batching import MOST_PER_BATCH
from service.onspring.errors import DataTooLargeError, GatewayTimedOutError
from service.onspring.paging import MOST_PER_PAGE, PagePlan
from tests.fixtures.fusioo_client import Recorder
from tests.fixtures.onspring_client import a_page, client_over, said

TOO_LARGE = said(400, "The size of the data requested was too large. Please request less.")


class Instance:
    """An app of records, of which no more than `bearable` are given at once."""

    def __init__(self, records: int, *, bearable: int = 1000, refusal: httpx2.Response = TOO_LARGE) -> None:
        self.ids = list(range(1, records + 1))
        self.asked: list[Any] = []
        self._bearable, self._refusal = bearable, refusal

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/batch-get"):
            return self._batch(json.loads(request.content)["recordIds"])
        if request.url.path.endswith("/batch-delete"):
            return self._delete(json.loads(request.content)["recordIds"])
        number, size = (int(request.url.params[name]) for name in ("PageNumber", "PageSize"))
        self.asked.append((number, size))
        rows = self.ids[(number - 1) * size : number * size]
        if len(rows) > self._bearable:
            return self._refusal
        return a_page([{"recordId": one} for one in rows], number=number, size=size, total=len(self.ids))

    def _batch(self, ids: list[int]) -> httpx2.Response:
        self.asked.append(ids)
        assert 1 <= len(ids) <= MOST_PER_BATCH
        if len(ids) > self._bearable:
            return self._refusal
        found = [{"recordId": one} for one in reversed(ids) if one in self.ids]  # in no promised order
        return httpx2.Response(200, json={"count": len(found), "items": found})

    def _delete(self, ids: list[int]) -> httpx2.Response:
        self.asked.append(ids)
        if len(ids) > self._bearable:
            return self._refusal
        self.ids = [one for one in self.ids if one not in ids]
        return httpx2.Response(204)


@given(records=st.integers(0, 300), bearable=st.integers(1, 400), page_size=st.integers(1, 400))
async def test_a_walk_gives_every_record_once(records: int, bearable: int, page_size: int) -> None:
    instance = Instance(records, bearable=bearable)
    async with client_over(instance) as client:
        seen = [record.record_id async for record in client.records.walk(1, page_size=page_size)]
    assert seen == instance.ids


async def test_the_first_page_is_not_left_out() -> None:
    """A defect of other clients: the first page was null."""
    instance = Instance(3)
    async with client_over(instance) as client:
        assert [record.record_id async for record in client.records.walk(1, page_size=2)] == [1, 2, 3]
    assert instance.asked == [(1, 2), (2, 2)]


async def test_the_first_page_is_the_default() -> None:
    onspring = Recorder(a_page([{"recordId": 1}]), a_page([{"recordId": 1}]))
    async with client_over(onspring) as client:
        page = await client.records.page(1)
        assert [record.record_id for record in page.items] == [1]
        assert dict(onspring.last.url.params) == {}


async def test_a_page_without_items_is_an_empty_one() -> None:
    nothing = {"pageNumber": 1, "pageSize": 50, "totalPages": 0, "totalRecords": 0, "items": None}
    async with client_over(Recorder(httpx2.Response(200, json=nothing))) as client:
        assert (await client.records.page(1)).items == ()
        assert [record async for record in client.records.walk(1)] == []


async def test_the_items_of_a_query_are_read() -> None:
    """A defect of other clients: they read `records`, which does not exist."""
    instance = Instance(5)
    async with client_over(instance) as client:
        found = [record.record_id async for record in client.records.walk_query(1, "2 eq 3", page_size=2)]
        assert [record.record_id for record in (await client.records.query(1, "2 eq 3", 1, 5)).items] == found
    assert found == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("refusal", [TOO_LARGE, httpx2.Response(499)])
async def test_pages_halve_where_they_are_too_large(refusal: httpx2.Response) -> None:
    instance = Instance(300, bearable=125, refusal=refusal)
    async with client_over(instance) as client:
        assert [record.record_id async for record in client.records.walk(1)] == instance.ids
    assert [size for _, size in instance.asked] == [1000, 500, 250, 125, 125, 125]


@pytest.mark.parametrize(
    ("refusal", "error"), [(TOO_LARGE, DataTooLargeError), (httpx2.Response(499), GatewayTimedOutError)]
)
async def test_one_record_that_is_too_large_is_told(refusal: httpx2.Response, error: type[Exception]) -> None:
    async with client_over(Instance(3, bearable=0, refusal=refusal)) as client:
        with pytest.raises(error):
            await anext(client.records.walk(1, page_size=4))
        with pytest.raises(error):
            await client.records.batch(1, [1, 2, 3])


@given(
    ids=st.lists(st.integers(1, 600), max_size=450),
    records=st.integers(0, 600),
    bearable=st.integers(1, 120),
)
async def test_a_batch_of_any_size_loses_and_repeats_nothing(
    ids: list[int], records: int, bearable: int
) -> None:
    instance = Instance(records, bearable=bearable)
    async with client_over(instance) as client:
        found = await client.records.batch(1, ids)
    assert [record.record_id for record in found] == [one for one in dict.fromkeys(ids) if one <= records]


@given(ids=st.lists(st.integers(1, 300), unique=True), bearable=st.integers(1, 120))
async def test_a_deletion_of_any_size_leaves_the_others(ids: list[int], bearable: int) -> None:
    instance = Instance(300, bearable=bearable)
    async with client_over(instance) as client:
        await client.records.delete_batch(1, ids)
    assert set(instance.ids) == set(range(1, 301)) - set(ids)
    assert [one for batch in instance.asked if len(batch) <= bearable for one in batch] == ids


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])]
)
async def test_a_hundred_ids_go_in_one_call(count: int, sizes: list[int]) -> None:
    instance = Instance(count)
    async with client_over(instance) as client:
        await client.records.batch(1, instance.ids)
    assert [len(ids) for ids in instance.asked] == sizes


async def test_apps_and_fields_come_in_batches_too() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        ids = json.loads(request.content)
        return httpx2.Response(200, json={"count": len(ids), "items": [{"id": one} for one in ids]})

    wanted = list(range(150, 0, -1))
    async with client_over(answer) as client:
        assert [app.id for app in await client.apps.batch(wanted)] == wanted
        assert [field.id for field in await client.fields.batch(wanted)] == wanted


async def test_apps_fields_and_reports_can_be_walked() -> None:
    async with client_over(Recorder(a_page([{"id": 7}]))) as client:
        assert [app.id async for app in client.apps.walk()] == [7]
        assert [field.id async for field in client.fields.walk(1)] == [7]
        assert [report.id async for report in client.reports.walk(1)] == [7]


@given(
    records=st.integers(1, 60),
    size=st.integers(1, 20),
    deletions=st.dictionaries(st.integers(1, 12), st.integers(1, 9)),
)
def test_what_stays_is_seen_also_where_others_are_deleted(
    records: int, size: int, deletions: dict[int, int]
) -> None:
    rows, plan, seen = list(range(records)), PagePlan(size), []
    for call in range(1, 500):
        del rows[: deletions.get(call, 0)]
        number = plan.number
        page = rows[(number - 1) * size : number * size]
        seen += [page[place] for place in plan.take(page, total=len(rows))]
        if plan.ended:
            break
    assert plan.ended
    assert set(rows) <= set(seen)
    assert len(seen) == len(set(seen))


def test_smaller_pages_than_were_asked_for_are_believed() -> None:
    rows, plan, seen = list(range(120)), PagePlan(MOST_PER_PAGE), []
    while not plan.ended:
        given_size = min(plan.size, 50)
        page = rows[(plan.number - 1) * given_size : plan.number * given_size]
        seen += [page[place] for place in plan.take(page, total=120, size=given_size)]
    assert seen == rows


def test_a_list_that_does_not_say_its_length_ends_with_a_page_that_is_not_full() -> None:
    plan = PagePlan(2)
    assert (plan.take([1, 2]), plan.ended) == ([0, 1], False)
    assert (plan.take([3]), plan.ended) == ([0], True)


@pytest.mark.parametrize("size", [0, -1, 1001])
def test_a_page_has_one_to_a_thousand_rows(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        PagePlan(size)
