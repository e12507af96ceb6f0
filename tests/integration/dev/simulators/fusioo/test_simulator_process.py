"""The simulator as `relay up` runs it: a process, ended by a signal."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from service.dev.simulators.fusioo.example_apps import TASKS_ID
from service.dev.simulators.fusioo.server import serve
from service.errors import ConfigurationError
from tests.fixtures.simulator import RunningSimulator, running_simulator
from tests.fixtures.waiting import free_port, wait_until

_PROGRAM = """
import sys
from pathlib import Path
from service.dev.simulators.fusioo.server import run_simulator
from service.dev.simulators.fusioo.settings import FusiooSettings
settings = FusiooSettings(calls_per_window=3)
run_simulator(int(sys.argv[1]), 1, "token", float(sys.argv[3]), settings=settings, keep_in=Path(sys.argv[2]))
"""
_HEADERS = {"authorization": "Bearer token"}


def _start(port: int, path: Path, rate: float = 0.0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, str(port), str(path), str(rate)]
    process = subprocess.Popen(  # noqa: S603 (our own program)
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=Path.cwd(), env=os.environ
    )
    wait_until(lambda: process.poll() is not None or _answers(port), timeout=30)
    assert process.poll() is None, process.communicate()[0]
    return process


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/v3/ping", headers=_HEADERS).status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_edits_counts_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    process = _start(port, tmp_path / "fusioo.json", rate=50)
    origin = f"http://127.0.0.1:{port}"
    try:
        statuses = [httpx2.get(f"{origin}/v3/apps", headers=_HEADERS).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert httpx2.get(f"{origin}/_sim/state").json()["editing"] is True
    finally:
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0, output
    assert output.count(b"\n") == 1
    assert b"simulator.started" in output


def test_killed_and_started_again_it_is_still_the_same_provider(tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "fusioo.json"
    origin = f"http://127.0.0.1:{port}"
    process = _start(port, path)
    webhook = {"url": "http://127.0.0.1:9/hook", "app_id": TASKS_ID, "on_update": True}
    made = httpx2.post(f"{origin}/v3/webhooks", headers=_HEADERS, json=webhook).json()["data"]
    record_id = httpx2.post(f"{origin}/_sim/records/{TASKS_ID}", json={"title": "Kept"}).json()["id"]
    wait_until(lambda: record_id in path.read_text())
    process.kill()
    process.communicate(timeout=20)
    process = _start(port, path)
    try:
        shown = httpx2.get(f"{origin}/_sim/state").json()
        assert shown["webhooks"] == [made]
        assert record_id in [record["id"] for record in shown["records"][TASKS_ID]]
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def test_a_taken_port_is_a_clear_error(simulator: RunningSimulator) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{simulator.port}"):
        await serve(
            "127.0.0.1", simulator.port, state=simulator.state, stop=asyncio.Event(), ready=lambda _port: None
        )


async def test_the_same_state_can_be_served_again_on_the_same_port() -> None:
    async with running_simulator() as first:
        made = first.state.records.create(TASKS_ID, {"title": "Before"}, person="Sarah May")
    async with running_simulator(first.state, port=first.port) as second, second.client() as api:
        assert second.url == first.url
        assert (await api.get(f"/v3/records/{made.id}")).status_code == 200
