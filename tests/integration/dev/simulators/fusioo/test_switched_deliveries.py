"""What the simulator sends, with each of its switches turned."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.dev.simulators.fusioo.webhooks import Webhook
from tests.fixtures.simulator import RunningSimulator
from tests.fixtures.sink import HttpSink, Reply
from tests.fixtures.switching import turn_now
from tests.fixtures.waiting import wait_until

_FLAGS = {"on_create": True, "on_update": True, "on_delete": True}


@pytest.fixture
def webhook(simulator: RunningSimulator, sink: HttpSink) -> Webhook:
    return simulator.state.add_webhook(f"{sink.url}/hook", TASKS_ID, **_FLAGS)


def _create(simulator: RunningSimulator, title: str = "New", **query: str) -> str:
    """Create a record over the control route; gives its id."""
    address = f"{simulator.origin}/_sim/records/{TASKS_ID}"
    answer = httpx2.post(address, params=query, json={"title": title})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def _outcomes(simulator: RunningSimulator) -> list[tuple[str, int | None, int]]:
    return [(each.outcome, each.status, each.tries) for each in simulator.state.deliveries]


@pytest.mark.parametrize(
    ("shape", "body_of"),
    [
        ("id", lambda record_id: {"id": record_id}),
        ("bare", lambda record_id: record_id),
        ("record_id", lambda record_id: {"record_id": record_id}),
        ("recordId", lambda record_id: {"recordId": record_id}),
        ("data.id", lambda record_id: {"data": {"id": record_id}}),
        ("record.id", lambda record_id: {"record": {"id": record_id}}),
        ("array", lambda record_id: [{"id": record_id}]),
    ],
)
def test_the_id_stands_where_the_shape_says(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook, shape: str, body_of: Callable[[str], Any]
) -> None:
    del webhook
    turn_now(simulator, delivery_body=shape)
    record_id = _create(simulator)
    assert sink.wait_for(1)[0].json == body_of(record_id)


def test_a_delivery_may_bring_the_records_fields(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    turn_now(simulator, delivery_body="record", stamps="offset", empty_as_null=True)
    record_id = _create(simulator, "Whole")
    body = sink.wait_for(1)[0].json
    assert (body["id"], body["title"], body["priority"]) == (record_id, "Whole", ["Normal"])
    assert body["estimate"] is None
    assert body["created"][-5] in "+-"
    turn_now(simulator, delivery_body="workflow")
    record_id = _create(simulator, "Table")
    body = sink.wait_for(2)[1].json
    assert (body["record_id"], body["app_id"], body["title"]) == (record_id, TASKS_ID, "Table")
    assert body["record_url"].endswith(record_id)
    assert body["created_by"] == ["Sarah May"]
    assert "id" not in body


def test_headers_are_what_they_are_set_to(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    told = {"X-Event": "{event} of {webhook}", "X-Sent": "{time}"}
    turn_now(simulator, secret_header="X-Other", extra_headers=told)
    _create(simulator)
    headers = sink.wait_for(1)[0].headers
    assert headers["x-other"] == webhook.secret
    assert "x-fusioo-secret" not in headers
    assert headers["x-event"] == f"create of {webhook.id}"
    assert headers["x-sent"] == simulator.state.deliveries[0].at.isoformat(timespec="seconds")


def test_a_failed_delivery_is_tried_again_as_often_as_it_is_set_to(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    turn_now(simulator, delivery_retries=[0.01, 0.02, 0.03])
    sink.answer_next(Reply(503), Reply(drop=True))
    first = _create(simulator)
    assert [request.json["id"] for request in sink.wait_for(3)] == [first] * 3
    wait_until(lambda: _outcomes(simulator) == [("answered", 200, 3)])
    sink.answer(500)
    _create(simulator)
    sink.wait_for(3 + 4)
    wait_until(lambda: _outcomes(simulator)[1:] == [("answered", 500, 4)])


def test_further_tries_do_not_keep_the_next_delivery_waiting(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    turn_now(simulator, delivery_retries=[60])
    sink.answer_next(Reply(503))
    _create(simulator)
    sink.wait_for(1)
    second = _create(simulator)
    assert sink.wait_for(2)[1].json["id"] == second


def test_a_webhook_is_disabled_after_so_many_failures_and_enabled_by_a_person(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    turn_now(simulator, disabled_after=2)
    sink.answer_next(Reply(500), Reply(200), Reply(500), Reply(500))
    for number in range(4):
        _create(simulator)
        sink.wait_for(number + 1)
        wait_until(lambda: all(each.outcome == "answered" for each in simulator.state.deliveries))
    wait_until(lambda: simulator.state.disabled_webhooks == {webhook.id})
    _create(simulator)
    assert len(simulator.state.deliveries) == 4
    headers = {"authorization": f"Bearer {simulator.token}"}
    listed = httpx2.get(f"{simulator.url}/webhooks", headers=headers).json()["data"]
    assert [known["id"] for known in listed] == [webhook.id]
    shown = httpx2.get(f"{simulator.origin}/_sim/state").json()
    assert shown["disabled_webhooks"] == [webhook.id]
    enable = f"{simulator.origin}/_sim/webhooks/{webhook.id}/enable"
    assert httpx2.post(enable).status_code == 200
    assert httpx2.post(enable).status_code == 404
    heard = _create(simulator)
    assert sink.wait_for(5)[4].json["id"] == heard


def test_a_disabled_webhook_may_vanish(simulator: RunningSimulator, sink: HttpSink, webhook: Webhook) -> None:
    turn_now(simulator, disabled_after=1, disabled_vanish=True)
    sink.answer(500)
    _create(simulator)
    wait_until(lambda: webhook.id not in simulator.state.webhooks)
    headers = {"authorization": f"Bearer {simulator.token}"}
    assert httpx2.get(f"{simulator.url}/webhooks", headers=headers).json()["data"] == []


def test_the_sender_waits_no_longer_than_it_is_set_to(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    turn_now(simulator, delivery_timeout=0.05)
    sink.hold()
    _create(simulator)
    wait_until(lambda: _outcomes(simulator) == [("ReadTimeout", None, 1)], timeout=5)  # of 10 by default
    sink.release()


@pytest.mark.parametrize(
    ("switch", "origin"),
    [("bulk_edits_fire", "bulk"), ("imports_fire", "import"), ("formulas_fire", "formula")],
)
def test_what_fires_is_set(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook, switch: str, origin: str
) -> None:
    del webhook
    turn_now(simulator, **{switch: False})
    record_id = _create(simulator, origin=origin)
    edit = f"{simulator.origin}/_sim/records/{record_id}"
    httpx2.patch(edit, params={"origin": origin}, json={"notes": "x"})
    httpx2.delete(edit, params={"origin": origin})
    assert simulator.state.deliveries == []
    turn_now(simulator, **{switch: True})
    told = _create(simulator, origin=origin)
    assert sink.wait_for(1)[0].json == {"id": told}
    address = f"{simulator.origin}/_sim/records/{TASKS_ID}"
    refused = httpx2.post(address, params={"origin": "nobody"}, json={"title": "x"})
    assert refused.status_code == 400


async def test_whether_writes_through_the_api_fire_is_set(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    path = f"/v3/records/apps/{TASKS_ID}"
    async with simulator.client() as api:
        turn_now(simulator, api_writes_fire=False, restore_fires="update")
        record_id = (await api.post(path, json={"title": "Silent"})).json()["data"]["id"]
        assert simulator.state.deliveries == []
        await api.delete(f"/v3/records/{record_id}")
        await api.post(f"/_sim/records/{record_id}/restore")
        sink.wait_for(1)
        turn_now(simulator, api_writes_fire=True)
        await api.post(path, json={"title": "Told"})
        sink.wait_for(2)
    assert [each.happening.value for each in simulator.state.deliveries] == ["update", "create"]


def test_delays_are_drawn_so_that_deliveries_overtake_each_other(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    turn_now(simulator, deliveries__delay_spread=0.5)
    records = simulator.state.records
    made = [records.create(TASKS_ID, {"title": "x"}, person="Sarah May").id for _ in range(12)]
    came = [request.json["id"] for request in sink.wait_for(12)]
    assert sorted(came) == sorted(made)
    assert came != made


@pytest.mark.parametrize(
    ("values", "copies"),
    [
        ({"deliveries__drop_share": 1.0}, 0),
        ({"deliveries__drop_next": 1}, 0),
        ({"deliveries__duplicate_share": 1.0, "deliveries__copies": 3}, 3),
        ({"deliveries__duplicate_next": 1}, 2),
        ({"deliveries__delay_seconds": 0.01}, 1),
    ],
)
def test_deliveries_are_lost_and_duplicated(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook, values: dict[str, Any], copies: int
) -> None:
    del webhook
    turn_now(simulator, **values)
    _create(simulator)
    sink.wait_for(copies)
    outcome = ("answered", 200, copies) if copies else ("dropped", None, 0)
    wait_until(lambda: _outcomes(simulator) == [outcome])
    turn_now(simulator, deliveries__drop_share=0.0, deliveries__duplicate_share=0.0)
    _create(simulator, "Usual")
    sink.wait_for(copies + 1)
    wait_until(lambda: _outcomes(simulator)[1:] == [("answered", 200, 1)])


@pytest.mark.parametrize("values", [{"deliveries__invert_share": 1.0}, {"deliveries__invert_next": 1}])
def test_deliveries_are_inverted(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook, values: dict[str, Any]
) -> None:
    del webhook
    turn_now(simulator, deliveries__invert_patience=60, **values)
    first, second = _create(simulator, "First"), _create(simulator, "Second")
    assert [request.json["id"] for request in sink.wait_for(2)] == [second, first]
