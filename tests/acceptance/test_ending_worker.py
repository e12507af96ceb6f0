"""SIGTERM of the worker while all its processes work: in time, in order, and others go on at once.

`RELAY_LOST_AFTER` is longer than any wait here: what is taken over was given back.
"""

import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.worker.main import FOR_CLOSING
from tests.fixtures.auditing import (
    HANDLERS,
    assert_nothing_lost,
    assert_stream_settled,
    assert_true_to_the_provider,
)
from tests.fixtures.database import Database
from tests.fixtures.ending import (
    BRIEF_GRACE,
    BRIEF_WORKER,
    InHand,
    all_stopped_listening,
    attempts_at,
    beating_after,
    call_for_job,
    count_of_stopped,
    every_process_at_work,
    job_is_done,
    now_of,
    rows_of,
)
from tests.fixtures.installation import Installation, installation_for_faults
from tests.fixtures.kill_points import POINTS, at_call
from tests.fixtures.relay import QUEUES
from tests.fixtures.stream import DeliveryStream
from tests.fixtures.tiers import Scale, at_small_scale
from tests.fixtures.waiting import wait_until

MUCH_LONGER_THAN_CLOSING = timedelta(seconds=2)
SLACK = 5.0
"""Seconds that a busy machine may take on top of a stated time; whoever deploys waits as much longer."""


@pytest.fixture(scope="module")
def installation(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installation_for_faults(
        module_database, module_redis_url, tmp_path_factory.mktemp("relay"), RELAY_LOST_AFTER="60s"
    ) as running:
        yield running


def assert_finished(installation: Installation, record_ids: list[str]) -> None:
    installation.wait_until_done()
    assert_nothing_lost(installation, record_ids)
    assert_true_to_the_provider(installation, record_ids)


def assert_others_go_on(installation: Installation, in_hand: InHand) -> None:
    """What the ended worker had in hand is done by the next, in one attempt more, under the same key."""
    assert_finished(installation, [in_hand.run, in_hand.settle])
    for handler in HANDLERS:
        first, *_, last = attempts_at(installation, in_hand.run, handler)
        assert (first in {"lost", "failed"}, last) == (True, "done")
    call_for_job(installation)
    wait_until(lambda: job_is_done(installation), what="the next worker does the job")


@pytest.mark.parametrize("number", at_small_scale([signal.SIGTERM, signal.SIGINT], {signal.SIGTERM}))
def test_what_is_in_hand_is_finished(installation: Installation, number: signal.Signals) -> None:
    before = count_of_stopped(installation, "worker")
    with every_process_at_work(installation) as in_hand:
        pids = installation.processes.signal("worker", number)
        wait_until(
            lambda: all_stopped_listening(installation, "worker", before=before), what="all are to end"
        )
        waiting = installation.create(told=False)
        later = now_of(installation) + MUCH_LONGER_THAN_CLOSING
        wait_until(
            lambda: beating_after(installation, pids, later) == set(QUEUES),
            what="all live, with work in hand",
        )
    assert installation.processes.wait_for_end("worker") == 0
    assert rows_of(installation, pids) == []
    assert job_is_done(installation)
    for handler in HANDLERS:
        assert attempts_at(installation, in_hand.run, handler) == ["done"]
        assert attempts_at(installation, in_hand.settle, handler) == [], "a run was begun after the signal"
    installation.update(waiting, status=["Done"])
    installation.wait_until_told(waiting)
    installation.processes.start("worker")
    assert_finished(installation, [in_hand.run, in_hand.settle, waiting])
    for record_id in (in_hand.run, in_hand.settle):
        asked = [call for call in installation.simulator.calls_of("POST", "/filter") if record_id in call.ids]
        assert len(asked) == 1
        assert {len(installation.received(f"/{handler}", record_id)) for handler in HANDLERS} == {1}


@pytest.mark.parametrize("point", POINTS)
def test_wherever_it_stands(installation: Installation, point: str) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        pids = installation.processes.signal("worker")
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
    assert installation.processes.wait_for_end("worker") == 0
    assert rows_of(installation, pids) == []
    installation.processes.start("worker")
    assert_finished(installation, [record_id])
    for handler in HANDLERS:
        assert set(attempts_at(installation, record_id, handler)) == {"done"}


def test_what_takes_longer_is_given_back_when_the_time_is_over(installation: Installation) -> None:
    assert installation.processes.terminate("worker") == 0
    installation.processes.start_as("brief", "worker", program=BRIEF_WORKER)
    with every_process_at_work(installation) as in_hand:
        installation.processes.start("worker")
        pids = installation.processes.signal("brief")
        assert installation.processes.wait_for_end("brief", BRIEF_GRACE + SLACK) == 0
        assert rows_of(installation, pids) == []
    assert_others_go_on(installation, in_hand)


def test_a_second_signal_gives_it_back_at_once(installation: Installation) -> None:
    before = count_of_stopped(installation, "worker")
    with every_process_at_work(installation) as in_hand:
        pids = installation.processes.signal("worker")
        wait_until(
            lambda: all_stopped_listening(installation, "worker", before=before), what="all are to end"
        )
        installation.processes.signal("worker")
        assert installation.processes.wait_for_end("worker", FOR_CLOSING.total_seconds() + SLACK) == 0
        assert rows_of(installation, pids) == []
        installation.processes.start("worker")
    assert_others_go_on(installation, in_hand)


def test_a_process_that_hears_nothing_is_killed_and_its_run_tried_again(installation: Installation) -> None:
    assert installation.processes.terminate("worker") == 0
    installation.processes.start_as("brief", "worker", program=BRIEF_WORKER)
    with at_call(installation) as reached:
        record_id = installation.create()
        reached()
        deaf = installation.processes.pause_child("run", of="brief")
        installation.processes.signal("brief")
        assert installation.processes.wait_for_end("brief", BRIEF_GRACE + SLACK) == 0
        assert rows_of(installation, [deaf]) == ["run"]
    installation.processes.start("worker")
    # Time passes without a beat.
    installation.database.execute(
        "UPDATE processes SET beat_at = beat_at - interval '1 h' WHERE pid = %s", [deaf]
    )
    assert_finished(installation, [record_id])
    assert {attempts_at(installation, record_id, handler)[0] for handler in HANDLERS} >= {"lost"}
    assert {attempts_at(installation, record_id, handler)[-1] for handler in HANDLERS} == {"done"}


@pytest.mark.timeout(600)  # at full scale
def test_one_worker_takes_over_from_the_other_under_a_stream(
    installation: Installation, tasks: list[str], scale: Scale
) -> None:
    with DeliveryStream(installation, tasks) as stream:
        for _ in range(scale.pick(small=1, full=5)):
            for new, old in (("next", "worker"), ("worker", "next")):
                stream.go_on_for(10)
                installation.processes.start_as(new, "worker")
                pids = installation.processes.signal(old)
                assert installation.processes.wait_for_end(old) == 0
                assert rows_of(installation, pids) == []
        stream.go_on_for(10)
    assert set(stream.statuses) == {202}
    assert_stream_settled(installation, stream)
    for record_id in tasks:
        for handler in HANDLERS:
            assert set(attempts_at(installation, record_id, handler)) == {"done"}, "an attempt was cut off"
