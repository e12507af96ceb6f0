"""Held, wrong and stale answers, and the control routes that switch them."""

import asyncio
from contextlib import AsyncExitStack

import httpx2
import pytest

from service.dev.simulators.faults import AnswerFault, Hold
from service.dev.simulators.fusioo.example_apps import TASKS_ID
from tests.fixtures.simulator import RunningSimulator, running_simulator
from tests.fixtures.waiting import wait_until, wait_until_async


async def test_an_answer_is_held_after_the_call_took_effect(simulator: RunningSimulator) -> None:
    simulator.state.faults.holds = [Hold(path="^/v3/records/apps/", method="POST")]
    async with simulator.client() as api:
        answer = asyncio.create_task(api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "Held"}))
        await wait_until_async(lambda: simulator.state.gate.held)
        titles = [r.now.values["title"] for r in simulator.state.records.live(TASKS_ID)]
        assert "Held" in titles
        assert simulator.state.calls[-1].status is None
        assert not answer.done()
        assert (await api.get(f"/v3/records/apps/{TASKS_ID}")).status_code == 200  # others go on
        assert simulator.state.gate.release() == 1
        assert (await answer).status_code == 200
        assert simulator.state.gate.held == []


async def test_a_request_can_be_held_before_anything_is_read(simulator: RunningSimulator) -> None:
    record = simulator.state.records.live(TASKS_ID)[0]
    simulator.state.faults.holds = [
        Hold(path=record.id, moment="request"),
        Hold(path=record.id, moment="answer"),
    ]
    async with simulator.client() as api:
        late = asyncio.create_task(api.get(f"/v3/records/{record.id}"))
        await wait_until_async(lambda: len(simulator.state.gate.held) == 1)
        early = asyncio.create_task(api.get(f"/v3/records/{record.id}"))
        await wait_until_async(lambda: len(simulator.state.gate.held) == 2)
        simulator.state.records.update(record.id, {"title": "Changed"}, person="Sarah May")
        assert simulator.state.gate.release(1) == 1
        assert (await late).json()["data"]["title"] == "Changed"
        assert not early.done()
        simulator.state.gate.release()
        assert (await early).json()["data"]["title"] != "Changed"


async def test_holds_are_set_listed_and_released_over_http(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        await api.post("/_sim/faults", json={"holds": [{"path": "/ping", "times": 2}]})
        pings = [asyncio.create_task(api.get("/v3/ping")) for _ in range(2)]
        await wait_until_async(lambda: len(simulator.state.gate.held) == 2)
        listed = (await api.get("/_sim/held")).json()
        assert [(call["method"], call["path"]) for call in listed] == [("GET", "/v3/ping")] * 2
        assert (await api.post("/_sim/release", json={"count": 1})).json() == {"released": 1}
        assert (await api.post("/_sim/release")).json() == {"released": 1}
        assert [answer.status_code for answer in await asyncio.gather(*pings)] == [200, 200]


async def test_a_caller_that_goes_away_does_no_harm(simulator: RunningSimulator) -> None:
    simulator.state.faults.holds = [Hold(path="/ping")]
    async with simulator.client() as api:
        ping = asyncio.create_task(api.get("/v3/ping"))
        await wait_until_async(lambda: simulator.state.gate.held)
        ping.cancel()
        await asyncio.gather(ping, return_exceptions=True)
        simulator.state.gate.release()
        assert (await api.get("/v3/ping")).status_code == 200


async def test_held_answers_are_let_go_when_the_server_ends() -> None:
    async with AsyncExitStack() as still_open:
        async with running_simulator() as simulator:
            api = await still_open.enter_async_context(simulator.client())
            simulator.state.faults.holds = [Hold()]
            ping = asyncio.create_task(api.get("/v3/ping"))
            await wait_until_async(lambda: simulator.state.gate.held)
        assert (await ping).status_code == 200


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_status_is_answered_so_many_times_and_nothing_is_done(
    simulator: RunningSimulator, status: int
) -> None:
    simulator.state.faults.answers = [AnswerFault(status=status, times=2, retry_after=7)]
    before = len(simulator.state.records.by_id)
    async with simulator.client() as api:
        answers = [await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "Once"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].json()["code"] == 10001
    assert len(simulator.state.records.by_id) == before + 1


async def test_an_answer_can_be_html_empty_or_any_code(simulator: RunningSimulator) -> None:
    simulator.state.faults.answers = [
        AnswerFault(status=502, body="html"),
        AnswerFault(status=500, body="empty"),
        AnswerFault(status=200, code=30054),
    ]
    async with simulator.client() as api:
        html, empty, coded = [await api.get("/v3/apps") for _ in range(3)]
    assert (html.status_code, html.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert (empty.status_code, empty.content) == (500, b"")
    assert (coded.status_code, coded.json()["code"]) == (200, 30054)


async def test_an_answer_can_be_cut_after_the_call_took_effect(simulator: RunningSimulator) -> None:
    simulator.state.faults.answers = [AnswerFault(status=200, body="cut", takes_effect=True)]
    async with simulator.client() as api:
        with pytest.raises(httpx2.RemoteProtocolError):
            await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "Half"})
    titles = [record.now.values["title"] for record in simulator.state.records.live(TASKS_ID)]
    assert "Half" in titles


async def test_reads_can_lag_behind_writes_over_http(simulator: RunningSimulator) -> None:
    record = simulator.state.records.live(TASKS_ID)[0]
    title = record.now.values["title"]
    async with simulator.client() as api:
        path = f"/v3/records/{record.id}"
        await api.post("/_sim/faults", json={"reads": {"stale_seconds": 3600}})
        await api.patch(path, json={"title": "Later"})
        assert (await api.get(path)).json()["data"]["title"] == title
        await api.post("/_sim/faults", json={"reads": {"absent_seconds": 3600}})
        assert (await api.get(path)).json()["code"] == 30051
        listed = await api.post(
            f"/v3/records/apps/{TASKS_ID}/filter", params={"ids": f"[{record.id}]"}, json={}
        )
        assert listed.json()["data"] == []
        await api.delete("/_sim/faults")
        assert (await api.get(path)).json()["data"]["title"] == "Later"


async def test_a_person_edits_over_the_controls_without_spending_calls(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        created = await api.post(f"/_sim/records/{TASKS_ID}", json={"title": "By hand"})
        record_id = created.json()["id"]
        path = f"/_sim/records/{record_id}"
        assert (await api.patch(path, json={"status": ["Unheard of"]})).status_code == 400
        await api.patch(path, params={"person": "Ellie Brooks"}, json={"status": ["Done"]})
        shown = (await api.get("/_sim/state")).json()
        (record,) = [r for r in shown["records"][TASKS_ID] if r["id"] == record_id]
        assert record["status"] == ["Done"]
        assert (record["created_by"], record["last_modified_by"]) == (["Sarah May"], ["Ellie Brooks"])
        await api.delete(path)
        assert record_id in (await api.get("/_sim/state")).json()["trash"]
        assert (await api.patch(path, json={"status": ["Done"]})).status_code == 404
        await api.post(f"{path}/restore")
        assert (await api.delete(path, params={"permanently": "true"})).status_code == 200
        assert (await api.post(f"{path}/restore")).status_code == 404
        assert (await api.post("/_sim/records/i0", json={})).status_code == 404
        assert (await api.post(f"/_sim/records/{TASKS_ID}", json={})).status_code == 400
        assert (await api.post("/_sim/faults", json={"unknown": {}})).status_code == 400
        assert (await api.post("/_sim/release", json={"count": "x"})).status_code == 400
    assert simulator.state.calls == []
    assert simulator.state.calls_in_window() == 0


async def test_a_stream_of_edits_starts_and_stops(simulator: RunningSimulator) -> None:
    async with simulator.client() as api:
        before = simulator.state.records.clock()
        started = await api.post("/_sim/edits", json={"rate": 200, "seed": 5})
        assert started.json() == {"editing": True}
        records = simulator.state.records
        wait_until(lambda: sum(r.now.at > before for r in list(records.by_id.values())) > 5)
        assert (await api.post("/_sim/edits", json={"rate": 0})).json() == {"editing": False}
        assert (await api.get("/_sim/state")).json()["editing"] is False
    newest = max(record.now.at for record in simulator.state.records.by_id.values())
    async with simulator.client() as api:  # two more turns of its loop, and nothing more has happened
        await api.get("/v3/ping")
        await api.get("/v3/ping")
    assert newest == max(record.now.at for record in simulator.state.records.by_id.values())
