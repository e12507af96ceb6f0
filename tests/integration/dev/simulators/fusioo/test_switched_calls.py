"""What the simulator's API answers, with each of its switches turned."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from service.dev.simulators.fusioo.schema import Field, FieldType
from tests.fixtures.simulator import TOKEN, RunningSimulator, running_simulator
from tests.fixtures.switching import turn

_LIST = f"/v3/records/apps/{TASKS_ID}"
_FILTER = f"{_LIST}/filter"


@pytest.fixture
async def api(simulator: RunningSimulator) -> AsyncIterator[httpx2.AsyncClient]:
    async with simulator.client() as client:
        yield client


def _told(answer: httpx2.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def _live(simulator: RunningSimulator) -> list[str]:
    return [record.id for record in simulator.state.records.live(TASKS_ID)]


async def test_the_limit_and_its_window_are_set(api: httpx2.AsyncClient) -> None:
    await turn(api, calls_per_window=2, window="1h")
    assert [(await api.get("/v3/apps")).status_code for _ in range(3)] == [200, 200, 429]
    await turn(api, window="0s")
    assert (await api.get("/v3/apps")).status_code == 200


async def test_a_stranger_eats_of_the_same_limit() -> None:
    start = example_state(token=TOKEN).clock()
    passed = [timedelta(0)]
    state = example_state(token=TOKEN, clock=lambda: start + passed[0])
    async with running_simulator(state) as simulator, simulator.client() as api:
        await turn(api, calls_per_window=60, stranger_calls_per_hour=120, rate_headers="x-ratelimit")
        assert (await api.get("/v3/apps")).headers["x-ratelimit-remaining"] == "59"
        passed[0] = timedelta(minutes=10)
        assert (await api.get("/v3/apps")).headers["x-ratelimit-remaining"] == "38"
        passed[0] = timedelta(minutes=40)
        assert (await api.get("/v3/apps")).status_code == 429
        await turn(api, stranger_calls_per_hour=0)
        passed[0] = timedelta(minutes=120)
        assert (await api.get("/v3/apps")).headers["x-ratelimit-remaining"] == "59"


async def test_headers_tell_of_the_limit_or_not(api: httpx2.AsyncClient) -> None:
    await turn(api, calls_per_window=1, rate_headers="none")
    free = await api.get("/v3/apps")
    assert not [name for name in free.headers if "ratelimit" in name or name == "retry-after"]
    for style, prefix in (("x-ratelimit", "x-ratelimit"), ("ratelimit", "ratelimit")):
        await turn(api, rate_headers=style)
        refused = await api.get("/v3/apps")
        told = [refused.headers[f"{prefix}-{what}"] for what in ("limit", "remaining")]
        assert (refused.status_code, told) == (429, ["1", "0"])
        assert 3590 <= int(refused.headers[f"{prefix}-reset"]) <= 3600
    await turn(api, rate_headers="retry-after")
    refused = await api.get("/v3/apps")
    assert 3590 <= int(refused.headers["retry-after"]) <= 3600
    assert "retry-after" not in (await api.get("/v3/ping")).headers
    await turn(api, calls_per_window=5)
    assert "retry-after" not in (await api.get("/v3/apps")).headers


@pytest.mark.parametrize("status", [400, 404, 414])
@pytest.mark.parametrize(
    ("body", "kind"), [("html", "text/html"), ("envelope", "application/json"), ("empty", "")]
)
async def test_a_long_url_is_refused_as_it_is_set(
    simulator: RunningSimulator, api: httpx2.AsyncClient, status: int, body: str, kind: str
) -> None:
    await turn(api, longest_url=2000, long_url_status=status, long_url_body=body)
    ids = [f"i{number:032x}" for number in range(60)]
    refused = await api.post(_FILTER, params={"ids": f"[{','.join(ids)}]"}, json={})
    assert (refused.status_code, refused.headers.get("content-type", "").partition(";")[0]) == (status, kind)
    assert simulator.state.calls_in_window() == 0
    taken = await api.post(_FILTER, params={"ids": f"[{','.join(ids[:50])}]"}, json={})
    assert _told(taken) == (200, 10000)
    await turn(api, longest_url=8000)
    assert _told(await api.post(_FILTER, params={"ids": f"[{','.join(ids)}]"}, json={})) == (200, 10000)


async def test_limits_of_pages_are_set(simulator: RunningSimulator, api: httpx2.AsyncClient) -> None:
    async def page(limit: int | None = None) -> int | tuple[int, int]:
        answer = await api.get(_LIST, params={} if limit is None else {"limit": limit})
        return len(answer.json()["data"]) if answer.status_code == 200 else _told(answer)

    whole = len(_live(simulator))
    await turn(api, most_per_page=2)
    assert (await page(), await page(2), await page(3)) == (2, 2, (400, 30105))
    await turn(api, over_limit="clamp")
    assert await page(3) == 2
    await turn(api, most_per_page=200)
    for zero, expected in (("empty", 0), ("default", whole), ("error", (400, 30105))):
        await turn(api, zero_limit=zero)
        assert await page(0) == expected


async def test_missing_ids_are_left_out_refused_or_null(
    simulator: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    known = _live(simulator)[0]
    gone = _live(simulator)[1]
    simulator.state.records.delete(gone, person="Sarah May")

    async def ask(*ids: str) -> httpx2.Response:
        return await api.post(_FILTER, params={"ids": f"[{','.join(ids)}]"}, json={})

    assert [row["id"] for row in (await ask(known, gone, "i0")).json()["data"]] == [known]
    await turn(api, missing_ids="null")
    rows = (await ask(known, gone, "i0")).json()["data"]
    assert [row and row["id"] for row in rows] == [known, None, None]
    await turn(api, missing_ids="error")
    assert _told(await ask(known, gone)) == (404, 30051)
    assert [row["id"] for row in (await ask(known)).json()["data"]] == [known]


@pytest.mark.parametrize("status", [200, 400, 422])
async def test_one_status_may_go_with_all_codes(api: httpx2.AsyncClient, status: int) -> None:
    assert _told(await api.get("/v3/apps/i0")) == (404, 30000)
    await turn(api, refusal_status=status)
    assert _told(await api.get("/v3/apps/i0")) == (status, 30000)
    assert _told(await api.get("/v3/records/i0")) == (status, 30051)


@pytest.mark.parametrize(
    ("style", "name"), [("snake", "contains_any"), ("camel", "containsAny"), ("caption", "Contains Any")]
)
async def test_conditions_have_the_names_that_are_set(api: httpx2.AsyncClient, style: str, name: str) -> None:
    await turn(api, condition_names=style)
    for tried in ("contains_any", "containsAny", "Contains Any"):
        answer = await api.post(_FILTER, json={"status": {tried: ["Done"]}})
        assert _told(answer) == ((200, 10000) if tried == name else (400, 30050))
    proven = await api.post(_FILTER, json={"status": {"contains": "Done"}})
    assert {row["status"][0] for row in proven.json()["data"]} == {"Done"}
    counted = await api.post(f"{_LIST}/count/filter", json={"status": {name: ["Done"]}})
    assert counted.json()["data"] == {"count": len(proven.json()["data"])}


async def test_whether_stamps_can_be_filtered_is_set(api: httpx2.AsyncClient) -> None:
    body = {"last_modified": {"greater_than": "2020-01-01"}}
    assert _told(await api.post(_FILTER, json=body)) == (200, 10000)
    await turn(api, stamps_filter=False)
    assert _told(await api.post(_FILTER, json=body)) == (400, 30050)
    assert _told(await api.post(_FILTER, json={"title": {"contains": "a"}})) == (200, 10000)


async def test_writes_may_answer_the_whole_record(api: httpx2.AsyncClient) -> None:
    await turn(api, writes_answer="record")
    made = (await api.post(_LIST, json={"title": "New"})).json()["data"]
    assert (made["title"], made["priority"]) == ("New", ["Normal"])
    changed = (await api.patch(f"/v3/records/{made['id']}", json={"estimate": 3})).json()["data"]
    assert changed == (await api.get(f"/v3/records/{made['id']}")).json()["data"]
    assert changed["estimate"] == 3
    await turn(api, writes_answer="sample")
    made = (await api.post(_LIST, json={"title": "Next"})).json()["data"]
    assert set(made) == {"id", "title"}
    assert (await api.patch(f"/v3/records/{made['id']}", json={"estimate": 3})).json()["data"] == {}


async def test_whether_administrators_see_the_trash_is_set(
    simulator: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    gone = _live(simulator)[0]
    simulator.state.records.delete(gone, person="Sarah May")
    reads: list[tuple[str, dict[str, str]]] = [
        (f"/v3/trash/records/{gone}", {}),
        (f"/v3/records/{gone}", {"includeDeleted": "true"}),
        (_LIST, {"includeDeleted": "true"}),
    ]
    assert [(await api.get(path, params=query)).status_code for path, query in reads] == [200] * 3
    await turn(api, trash_for_admins=False)
    codes = [_told(await api.get(path, params=query))[1] for path, query in reads]
    assert codes == [30051, 30001, 30001]


async def test_stamps_are_written_as_they_are_set(
    simulator: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    record = simulator.state.records.live(TASKS_ID)[0]

    async def stamps() -> set[str]:
        shown = (await api.get(f"/v3/records/{record.id}")).json()["data"]
        (row,) = (await api.post(_FILTER, params={"ids": f"[{record.id}]"}, json={})).json()["data"]
        return {shown["created"], shown["last_modified"], row["created"], row["last_modified"]}

    moment = record.created
    assert await stamps() == {f"{moment:%Y-%m-%dT%H:%M:%S}"}
    away = timedelta(hours=5, minutes=30)
    await turn(api, stamps="local", stamps_zone="Asia/Kolkata")
    assert await stamps() == {f"{moment + away:%Y-%m-%dT%H:%M:%S}"}
    await turn(api, stamps="offset")
    assert await stamps() == {f"{moment + away:%Y-%m-%dT%H:%M:%S}+0530"}


async def test_empty_fields_are_left_out_or_null(
    simulator: RunningSimulator, api: httpx2.AsyncClient
) -> None:
    path = f"/v3/records/{_live(simulator)[0]}"
    assert "estimate" not in (await api.get(path)).json()["data"]
    await turn(api, empty_as_null=True)
    assert (await api.get(path)).json()["data"]["estimate"] is None


@pytest.mark.parametrize(("form", "shown"), [("plain", 12.5), ("text", "12.5"), ("object", {"value": 12.5})])
async def test_values_without_a_published_form_are_shown_as_set(
    simulator: RunningSimulator, api: httpx2.AsyncClient, form: str, shown: Any
) -> None:
    simulator.state.apps[TASKS_ID].fields.append(Field("price", "Price", FieldType.CURRENCY))
    made = simulator.state.records.create(TASKS_ID, {"title": "x", "price": 12.5}, person="Sarah May")
    await turn(api, odd_values=form)
    assert (await api.get(f"/v3/records/{made.id}")).json()["data"]["price"] == shown
