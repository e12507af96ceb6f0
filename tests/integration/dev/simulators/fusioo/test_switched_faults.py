"""Slow, wrong and late answers by chance, and that chance is the seed's."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID, example_state
from tests.fixtures.simulator import TOKEN, RunningSimulator, running_simulator
from tests.fixtures.sink import HttpSink
from tests.fixtures.switching import turn
from tests.fixtures.waiting import wait_until_async


async def _set_answers(api: httpx2.AsyncClient, *answers: dict[str, Any]) -> None:
    assert (await api.post("/_sim/faults", json={"answers": list(answers)})).status_code == 200


async def test_a_share_of_all_calls_of_one_endpoint_goes_wrong(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        await _set_answers(api, {"status": 503, "share": 0.5, "times": None, "path": "/apps$"})
        statuses = [(await api.get("/v3/apps")).status_code for _ in range(40)]
        assert 5 < statuses.count(503) < 35
        assert {(await api.get("/v3/ping")).status_code for _ in range(5)} == {200}


async def test_the_usual_answer_can_be_late(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        await _set_answers(api, {"body": "usual", "delay_seconds": 0.2, "times": 1})
        started = time.monotonic()
        answer = await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "Late"})
        assert time.monotonic() - started >= 0.2
        assert (answer.status_code, answer.json()["data"]["title"]) == (200, "Late")
        await _set_answers(api, {"body": "usual", "delay_seconds": 60})
        with pytest.raises(httpx2.ReadTimeout):
            await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "Given up"}, timeout=0.05)
    await wait_until_async(
        lambda: "Given up" in [each.now.values["title"] for each in simulator.state.records.live(TASKS_ID)]
    )


async def test_reads_are_stale_right_after_a_webhook(simulator: RunningSimulator, sink: HttpSink) -> None:
    record = simulator.state.records.live(TASKS_ID)[0]
    title = record.now.values["title"]
    simulator.state.add_webhook(f"{sink.url}/hook", TASKS_ID, on_update=True)
    async with simulator.client() as api:
        await turn(api, reads__stale_seconds=3600)
        await api.patch(f"/_sim/records/{record.id}", json={"title": "Later"})
        told = (await asyncio.to_thread(sink.wait_for, 1))[0].json["id"]
        assert (await api.get(f"/v3/records/{told}")).json()["data"]["title"] == title
        await turn(api, reads__stale_seconds=0)
        assert (await api.get(f"/v3/records/{told}")).json()["data"]["title"] == "Later"


async def test_records_are_absent_right_after_they_were_created(simulator: RunningSimulator) -> None:
    old = simulator.state.records.live(TASKS_ID)[0].id
    async with simulator.client() as api:
        await turn(api, reads__absent_seconds=3600, reads__absent_after="create")
        made = (await api.post(f"/_sim/records/{TASKS_ID}", json={"title": "New"})).json()["id"]
        await api.patch(f"/_sim/records/{old}", json={"title": "Edited"})
        assert (await api.get(f"/v3/records/{made}")).json()["code"] == 30051
        assert (await api.get(f"/v3/records/{old}")).json()["data"]["title"] == "Edited"
        await turn(api, reads__absent_after="write")
        assert (await api.get(f"/v3/records/{old}")).json()["code"] == 30051


async def test_each_record_may_lag_by_a_time_of_its_own() -> None:
    start, passed = datetime.now(UTC), [timedelta(0)]
    state = example_state(token=TOKEN, clock=lambda: start + passed[0])
    made = [state.records.create(TASKS_ID, {"title": str(n)}, person="Sarah May").id for n in range(20)]
    async with running_simulator(state) as simulator, simulator.client() as api:
        await turn(api, reads__absent_seconds=60, reads__spread=True)
        seen: list[set[str]] = []
        for seconds in (0, 20, 20, 40, 60):
            passed[0] = timedelta(seconds=seconds)
            listed = await api.get(f"/v3/records/apps/{TASKS_ID}")
            seen.append({row["id"] for row in listed.json()["data"]} & set(made))
    none, few, again, more, all_of_them = seen
    assert none == set()
    assert few == again
    assert few < more < all_of_them == set(made)


async def _day(seed: int, sink: HttpSink) -> tuple[list[Any], list[Any]]:
    """Play the same requests; gives what was answered, and what became of the deliveries."""
    sink.clear()
    async with (
        running_simulator(example_state(token=TOKEN, seed=seed)) as simulator,
        simulator.client() as api,
    ):
        simulator.state.add_webhook(f"{sink.url}/hook", TASKS_ID, on_create=True, on_update=True)
        await turn(
            api,
            deliveries__drop_share=0.3,
            deliveries__duplicate_share=0.3,
            deliveries__delay_spread=0.01,
        )
        await _set_answers(api, {"share": 0.3, "times": None}, {"status": 500, "share": 0.3, "times": None})
        answers: list[Any] = []
        for number in range(30):
            made = await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": f"Task {number}"})
            answers.append((made.status_code, made.json()["data"]))
        deliveries = simulator.state.deliveries
        await wait_until_async(lambda: all(each.outcome != "waiting" for each in deliveries))
        fates = [(each.record_id, each.outcome) for each in deliveries]
    return answers, fates


async def test_the_same_seed_and_requests_have_the_same_day(sink: HttpSink) -> None:
    first, second = await _day(7, sink), await _day(7, sink)
    assert first == second
    assert {status for status, _ in first[0]} == {200, 500, 503}
    assert {outcome for _, outcome in first[1]} == {"answered", "dropped"}
    assert await _day(8, sink) != first
