"""The simulator as it runs: real HTTP, outcomes sent to a real server, and the command with its switches."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from service.dev.simulators.onspring.example import ATTACHMENTS, DESCRIPTION, NAME, STATUS, TASKS
from tests.fixtures.command import Relay
from tests.fixtures.onspring_simulator import API_KEY, RunningOnspring, headers_with, onspring_in_thread
from tests.fixtures.sink import HttpSink
from tests.fixtures.waiting import free_port, wait_until, wait_until_async

_MEGABYTE = 1_000_000


@pytest.fixture
def onspring() -> Iterator[RunningOnspring]:
    with onspring_in_thread() as running:
        yield running


@pytest.fixture
def relay_at() -> Iterator[HttpSink]:
    with HttpSink() as sink:
        yield sink


async def test_an_edit_reaches_the_relay_and_its_answer_the_record(
    onspring: RunningOnspring, relay_at: HttpSink
) -> None:
    outcome = {
        "app_id": TASKS,
        "url": f"{relay_at.url}/webhooks/onspring/key",
        "on": ["update"],
        "headers": {"X-Relay-Secret": "sesame"},
        "auth": {"type": "basic", "user": "relay", "password": "secret"},
        "answers": {"accepted": DESCRIPTION},
    }
    relay_at.answer(200, {"content-type": "application/json"}, b'{"accepted": "yes"}')
    async with onspring.client() as api:
        assert (await api.put("/_sim/outcomes/1", json=outcome)).status_code == 200
        save = {"appId": TASKS, "recordId": 2, "fields": {str(NAME): "Edited"}}
        assert (await api.put("/Records", json=save)).status_code == 200
        await wait_until_async(
            lambda: bool(onspring.state.deliveries) and onspring.state.deliveries[0].mapped
        )
        record = (await api.get(f"/Records/appId/{TASKS}/recordId/2?fieldIds={DESCRIPTION}")).json()
    (received,) = relay_at.received
    assert received.json == [{"RecordId": "2", "AppId": str(TASKS)}]
    assert received.headers["x-relay-secret"] == "sesame"
    assert received.headers["authorization"].startswith("Basic ")
    assert record["fieldData"][0]["value"] == "yes"


async def _form(megabytes: int) -> AsyncIterator[bytes]:
    values = {"RecordId": 1, "FieldId": ATTACHMENTS}
    for name, value in values.items():
        yield f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield b'--b\r\nContent-Disposition: form-data; name="File"; filename="big.bin"\r\n\r\n'
    for _ in range(megabytes):
        yield bytes(_MEGABYTE)
    yield b"\r\n--b--\r\n"


async def test_big_files_are_streamed_and_too_big_ones_refused(onspring: RunningOnspring) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    async with onspring.client() as api:
        added = await api.post("/Files", content=_form(45), headers=headers)
        refused = await api.post("/Files", content=_form(51), headers=headers)
        assert (added.status_code, refused.status_code) == (201, 413)
        path = f"/Files/recordId/1/fieldId/{ATTACHMENTS}/fileId/{added.json()['id']}/file"
        length = 0
        async with api.stream("GET", path) as answer:
            async for piece in answer.aiter_bytes():
                length += len(piece)
    assert length == 45 * _MEGABYTE


async def test_a_held_call_waits_until_it_is_released(onspring: RunningOnspring) -> None:
    async with onspring.client() as api:
        await api.post("/_sim/faults", json={"holds": [{"path": "^/Apps$"}]})
        with pytest.raises(httpx2.ReadTimeout):
            await api.get("/Apps", timeout=0.3)
        assert onspring.calls_of("GET", "/Apps")
        assert (await api.post("/_sim/release")).status_code == 200
        assert (await api.get("/Apps")).status_code == 200


def test_the_command_serves_turns_switches_and_ends_cleanly() -> None:
    port = free_port()
    program = [str(Path(sys.executable).with_name("relay")), "simulate", "onspring", "--port", str(port)]
    options = f"--key {API_KEY} --unauthorized-body json --deliveries-drop-share 0.5 --quote-escape none"
    options += " --answer status=499,body=empty,path=/Reports"
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [*program, *options.split()], stderr=subprocess.PIPE, env=os.environ
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(origin))
        switches = httpx2.get(f"{origin}/_sim/switches").json()
        assert (switches["unauthorized_body"], switches["deliveries.drop_share"]) == ("json", 0.5)
        assert httpx2.get(f"{origin}/Apps").json() == {"message": "Unauthorized"}
        headers = headers_with(API_KEY)
        assert httpx2.get(f"{origin}/Fields/id/{STATUS}", headers=headers).json()["type"] == "List"
        assert httpx2.get(f"{origin}/Reports/id/613", headers=headers).status_code == 499
        assert httpx2.get(f"{origin}/Reports/id/613", headers=headers).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, lines = process.communicate(timeout=20)
    assert process.returncode == 0, lines
    assert b"simulator.started" in lines


def _answers(origin: str) -> bool:
    try:
        return httpx2.get(f"{origin}/Ping").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--quote-escape", "never"], "quote_escape: "),
        (["--deliveries-drop-share", "2"], "deliveries.drop_share: "),
        (["--answer", "state=500"], "'state' is not one of"),
    ],
)
def test_a_wrong_switch_is_named(relay: Relay, options: list[str], complaint: str) -> None:
    result = relay("simulate", "onspring", *options)
    assert result.exit_code == 2
    assert complaint in result.stderr
