"""`kill -9` of web and scheduler, wherever the work stands: what was acknowledged is settled and run."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.fixtures.auditing import assert_nothing_lost, assert_true_to_the_provider
from tests.fixtures.installation import Installation
from tests.fixtures.kill_points import POINTS, at_insert


@pytest.mark.parametrize("door", ["web", "scheduler"])
@pytest.mark.parametrize("point", POINTS)
def test_a_door_is_killed(installation: Installation, point: str, door: str) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
        installation.processes.kill(door)
    installation.processes.start(door)
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])


def test_web_is_killed_before_its_commit(installation: Installation, http: httpx2.Client) -> None:
    record_id = installation.create()
    installation.wait_until_done()
    with ThreadPoolExecutor(1) as pool, at_insert(installation) as reached:
        installation.update(record_id, told=False, status=["Done"])
        answer = pool.submit(installation.deliver, http, record_id)
        reached()
        assert not answer.done(), "it was answered before it was stored"
        installation.processes.kill("web")
        assert answer.result() is None
    installation.processes.start("web")
    assert installation.deliver(http, record_id) == 202
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])
