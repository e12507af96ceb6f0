"""SIGTERM of web and scheduler under load, and of all processes while they start: in time, in order."""

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from service.scheduler.main import ENDS_WITHIN
from service.web.main import GRACE
from tests.fixtures.ending import beating_after, now_of, rows_of
from tests.fixtures.installation import Installation
from tests.fixtures.kill_points import at_insert, locked, waits_for_a_lock
from tests.fixtures.senders import Senders
from tests.fixtures.tiers import Scale, at_small_scale
from tests.fixtures.waiting import free_port, wait_until

SLACK = 5.0
"""Seconds that a process has for closing; whoever deploys waits as much longer."""
_STORED = "SELECT request_id FROM deliveries WHERE origin = 'webhook'"


def port_of(installation: Installation) -> str:
    return installation.processes.port("web")


def requests_stored(installation: Installation) -> set[UUID]:
    return {request for (request,) in installation.database.execute(_STORED)}


def nobody_listens(port: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


_ORDERS = ["new-first", "old-first", "old-first, two processes each"]


@pytest.mark.timeout(600)  # at full scale
@pytest.mark.parametrize("order", at_small_scale(_ORDERS, {"new-first"}))
def test_web_is_replaced_under_load(
    installation: Installation, tasks: list[str], order: str, scale: Scale
) -> None:
    """Behind a proxy the new one starts beside the old; at one port after it, while senders try again."""
    options = ["--processes", "2"] if "two" in order else []
    stored_before = requests_stored(installation)
    first = port_of(installation)
    second = str(free_port()) if order == "new-first" else first
    names = ("web", "next") if order == "new-first" else ("web", "web")
    ports = {names[1]: second, names[0]: first}
    with Senders(installation, tasks, [first, second]) as senders:
        for _ in range(scale.pick(small=1, full=2)):
            for old, new in (names, names[::-1]):
                senders.go_on_for(50)
                if order == "new-first":
                    installation.processes.start_as(new, "web", PORT=ports[new])
                pids = installation.processes.signal(old)
                assert installation.processes.wait_for_end(old, GRACE + SLACK) == 0
                assert rows_of(installation, pids) == []
                if order != "new-first":
                    installation.processes.start_as(new, "web", *options)
        senders.go_on_for(50)
    if options:
        assert installation.processes.terminate("web") == 0
        installation.processes.start("web")
    assert set(senders.statuses) <= {202, None}, "a connection may be refused, a request may not"
    assert len(senders.acknowledged) == len(set(senders.acknowledged))
    assert requests_stored(installation) - stored_before == set(senders.acknowledged)


def test_requests_under_way_are_answered(installation: Installation, http: httpx2.Client) -> None:
    record_id = installation.create(told=False)
    port = port_of(installation)
    with ThreadPoolExecutor(1) as pool, at_insert(installation) as reached:
        answer = pool.submit(installation.deliver, http, record_id)
        reached()
        pids = installation.processes.signal("web")
        wait_until(lambda: nobody_listens(port), what="nobody is let in any more")
        installation.processes.signal("web")
        later = now_of(installation) + timedelta(seconds=1)
        wait_until(lambda: beating_after(installation, pids, later), what="it lives, with a request in hand")
        assert not answer.done(), "it was answered before it was stored"
    assert answer.result() == 202
    assert installation.processes.wait_for_end("web", GRACE + SLACK) == 0
    assert rows_of(installation, pids) == []
    installation.processes.start("web")
    installation.wait_until_done()
    assert installation.received("/ops", record_id)


def test_a_request_that_can_not_be_stored_in_time_is_refused(
    installation: Installation, http: httpx2.Client
) -> None:
    record_id = installation.create(told=False)
    stored_before = requests_stored(installation)
    with ThreadPoolExecutor(1) as pool, at_insert(installation) as reached:
        answer = pool.submit(installation.deliver, http, record_id)
        reached()
        pids = installation.processes.signal("web", signal.SIGINT)
        assert answer.result() == 503
        assert installation.processes.wait_for_end("web", GRACE + SLACK) == 0
        assert rows_of(installation, pids) == []
    assert requests_stored(installation) == stored_before
    installation.processes.start("web")


def test_the_scheduler_ends_within_a_sweep(installation: Installation, http: httpx2.Client) -> None:
    with locked(installation, "LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"):
        wait_until(lambda: waits_for_a_lock(installation, "scheduler"), what="the sweep waits")
        pids = installation.processes.signal("scheduler")
        installation.processes.signal("scheduler")
        assert installation.processes.wait_for_end("scheduler", ENDS_WITHIN + SLACK) == 0
        assert rows_of(installation, pids) == []
    record_id = installation.create(told=False)
    assert installation.deliver(http, record_id) == 202
    installation.processes.start("scheduler")
    installation.wait_until_done()
    assert installation.received("/ops", record_id)


@pytest.mark.parametrize("kind", ["web", "worker", "scheduler"])
@pytest.mark.parametrize("moment", ["importing", "at the first beat"])
def test_who_is_stopped_while_it_starts_leaves_nothing(
    installation: Installation, kind: str, moment: str
) -> None:
    name = f"{kind} {moment}"
    installation.processes.launch(name, kind, PORT=str(free_port()), PYTHONPROFILEIMPORTTIME="1")
    if moment == "importing":
        wait_until(
            lambda: f" service.{kind}\n" in installation.processes.log(name),
            what="it imports its parts",
            pause=0.001,
        )
    else:
        wait_until(
            lambda: rows_of(installation, installation.processes.members(name)), what="one of it beats"
        )
    pids = installation.processes.signal(name)
    assert installation.processes.wait_for_end(name, SLACK) == 0
    assert rows_of(installation, pids) == []
