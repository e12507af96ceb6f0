"""What the simulator sends to the addresses of its webhooks."""

import time

import httpx2
import pytest

from service.dev.simulators.faults import DeliveryFaults
from service.dev.simulators.fusioo.example_apps import CLIENTS_ID, TASKS_ID, example_state
from service.dev.simulators.fusioo.records import Happening
from service.dev.simulators.fusioo.settings import FusiooSettings
from service.dev.simulators.fusioo.webhooks import Webhook
from tests.fixtures.simulator import TOKEN, RunningSimulator, simulator_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import free_port, wait_until


@pytest.fixture
def webhook(simulator: RunningSimulator, sink: HttpSink) -> Webhook:
    flags = {"on_create": True, "on_update": True, "on_delete": True}
    return simulator.state.add_webhook(f"{sink.url}/hook", TASKS_ID, **flags)


def _create(simulator: RunningSimulator, title: str) -> str:
    return simulator.state.records.create(TASKS_ID, {"title": title}, person="Sarah May").id


def _delivered(sink: HttpSink) -> list[str]:
    return [request.json["id"] for request in sink.received]


def _outcomes(simulator: RunningSimulator) -> list[str]:
    return [delivery.outcome for delivery in simulator.state.deliveries]


async def test_each_write_through_the_api_is_told(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    async with simulator.client() as api:
        created = await api.post(f"/v3/records/apps/{TASKS_ID}", json={"title": "New"})
        record_id = created.json()["data"]["id"]
        sink.wait_for(1)
        await api.patch(f"/v3/records/{record_id}", json={"notes": "x"})
        sink.wait_for(2)
        await api.delete(f"/v3/records/{record_id}")
        received = sink.wait_for(3)
    for request in received:
        assert (request.method, request.path, request.json) == ("POST", "/hook", {"id": record_id})
        assert request.headers["x-fusioo-secret"] == webhook.secret
        assert request.headers["content-type"] == "application/json"
    wait_until(lambda: _outcomes(simulator) == ["answered"] * 3)
    told = [(delivery.happening, delivery.status) for delivery in simulator.state.deliveries]
    assert told == [(Happening.CREATE, 200), (Happening.UPDATE, 200), (Happening.DELETE, 200)]


def test_only_the_webhooks_that_want_it_are_told(simulator: RunningSimulator, sink: HttpSink) -> None:
    state = simulator.state
    state.add_webhook(f"{sink.url}/updates", TASKS_ID, on_update=True)
    state.add_webhook(f"{sink.url}/deletes", TASKS_ID, on_delete=True)
    state.add_webhook(f"{sink.url}/clients", CLIENTS_ID, on_update=True)
    state.records.update(state.records.live(TASKS_ID)[0].id, {"notes": "x"}, person="Sarah May")
    sink.wait_for(1)
    state.records.delete(state.records.live(TASKS_ID)[0].id, person="Sarah May")
    assert [request.path for request in sink.wait_for(2)] == ["/updates", "/deletes"]
    assert len(state.deliveries) == 2


async def test_whether_api_writes_fire_and_how_restores_are_told_are_settings(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    simulator.state.settings.api_writes_fire = False
    gone = simulator.state.records.live(TASKS_ID)[0].id
    async with simulator.client() as api:
        assert (await api.delete(f"/v3/records/{gone}")).status_code == 200
        simulator.state.settings.restore_fires = None
        assert (await api.post(f"/_sim/records/{gone}/restore")).status_code == 200
        assert simulator.state.deliveries == []
        await api.delete(f"/_sim/records/{gone}")
        simulator.state.settings.restore_fires = Happening.UPDATE
        await api.post(f"/_sim/records/{gone}/restore")
    sink.wait_for(2)
    assert [d.happening for d in simulator.state.deliveries] == [Happening.DELETE, Happening.UPDATE]


def test_header_and_body_are_settings(simulator: RunningSimulator, sink: HttpSink, webhook: Webhook) -> None:
    simulator.state.settings.secret_header = "X-Other"
    simulator.state.settings.delivery_body = "array"
    record_id = _create(simulator, "New")
    (request,) = sink.wait_for(1)
    assert request.json == [{"id": record_id}]
    assert request.headers["x-other"] == webhook.secret


def test_a_failed_delivery_is_not_tried_again(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    sink.answer(503)
    _create(simulator, "Refused")
    sink.wait_for(1)
    wait_until(lambda: _outcomes(simulator) == ["answered"])
    assert simulator.state.deliveries[0].status == 503
    webhook.url = f"http://127.0.0.1:{free_port()}/hook"
    _create(simulator, "Nobody listens")
    wait_until(lambda: _outcomes(simulator)[1:] == ["ConnectError"])
    webhook.url = f"{sink.url}/hook"
    _create(simulator, "Heard")
    wait_until(lambda: _outcomes(simulator)[2:] == ["answered"])
    assert len(sink.received) == 2


def test_deliveries_can_be_dropped_and_duplicated(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    simulator.state.faults.deliveries = DeliveryFaults(drop_next=1, duplicate_next=1, copies=3)
    _create(simulator, "Dropped")
    wait_until(lambda: _outcomes(simulator) == ["dropped"])
    tripled = _create(simulator, "Tripled")
    sink.wait_for(3)
    usual = _create(simulator, "Usual")
    sink.wait_for(4)
    assert _delivered(sink) == [tripled] * 3 + [usual]


def test_deliveries_can_be_inverted(simulator: RunningSimulator, sink: HttpSink, webhook: Webhook) -> None:
    del webhook
    simulator.state.faults.deliveries = DeliveryFaults(invert_next=1, invert_patience=60)
    first, second = _create(simulator, "First"), _create(simulator, "Second")
    sink.wait_for(2)
    assert _delivered(sink) == [second, first]


def test_an_inverted_delivery_comes_even_if_none_follows(
    simulator: RunningSimulator, sink: HttpSink, webhook: Webhook
) -> None:
    del webhook
    simulator.state.faults.deliveries = DeliveryFaults(invert_next=1, invert_patience=0.1)
    only = _create(simulator, "Only")
    sink.wait_for(1)
    assert _delivered(sink) == [only]


def test_deliveries_can_be_delayed(simulator: RunningSimulator, sink: HttpSink, webhook: Webhook) -> None:
    del webhook
    simulator.state.faults.deliveries = DeliveryFaults(delay_seconds=0.3)
    started = time.time()
    _create(simulator, "Late")
    (request,) = sink.wait_for(1)
    assert request.at - started >= 0.3


def test_no_delivery_is_lost_for_lack_of_a_connection(sink: HttpSink) -> None:
    state = example_state(token=TOKEN, settings=FusiooSettings(delivery_timeout=0.5))
    state.add_webhook(f"{sink.url}/hook", TASKS_ID, on_create=True)
    with simulator_in_thread(state) as simulator:
        sink.hold()
        for number in range(105):  # more than a pool of connections
            _create(simulator, f"Task {number}")
        wait_until(lambda: "waiting" not in _outcomes(simulator), timeout=30)
    assert len(_outcomes(simulator)) == 105
    assert "PoolTimeout" not in _outcomes(simulator)


async def test_the_secret_stands_in_no_log_of_the_controls_but_in_the_webhooks(
    simulator: RunningSimulator, webhook: Webhook, sink: HttpSink
) -> None:
    _create(simulator, "New")
    sink.wait_for(1)
    async with httpx2.AsyncClient(base_url=simulator.origin, trust_env=False) as anybody:
        shown = (await anybody.get("/_sim/state")).json()
    assert webhook.secret not in str(shown["deliveries"])
    assert [known["id"] for known in shown["webhooks"]] == [webhook.id]
