"""Worker processes killed, or stopped, wherever they stand: everything is made good by itself, in order."""

import random

import pytest

from tests.fixtures.auditing import (
    assert_nothing_lost,
    assert_stream_settled,
    assert_true_to_the_provider,
)
from tests.fixtures.installation import Installation
from tests.fixtures.kill_points import POINTS, SETTLING
from tests.fixtures.relay import KINDS
from tests.fixtures.stream import DeliveryStream
from tests.fixtures.tiers import Scale


def assert_made_good(installation: Installation, record_id: str) -> None:
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])


@pytest.mark.parametrize("point", POINTS)
def test_the_process_at_work_is_killed(installation: Installation, point: str) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
        installation.processes.kill_child("settle" if point in SETTLING else "run")
    assert_made_good(installation, record_id)


@pytest.mark.parametrize("point", POINTS)
def test_the_parent_is_killed_and_its_children_end_by_themselves(
    installation: Installation, point: str
) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        installation.processes.kill("worker")
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
        installation.processes.start("worker")
    assert_made_good(installation, record_id)


@pytest.mark.parametrize("point", POINTS)
def test_everything_is_killed_at_once(installation: Installation, point: str) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
        for kind in KINDS:
            installation.processes.kill_with_children(kind)
    installation.processes.start(*KINDS)
    assert_made_good(installation, record_id)


@pytest.mark.parametrize(("point", "queue"), [("fetch", "settle"), ("call", "run")])
def test_a_process_that_stood_still_changes_nothing_any_more(
    installation: Installation, point: str, queue: str
) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        late = installation.processes.pause_child(queue)
    installation.processes.kill("worker")
    installation.processes.start("worker")
    installation.update(record_id, status=["Done"])
    installation.wait_until_told(record_id)
    assert_made_good(installation, record_id)
    installation.processes.resume_until_its_end(late)
    assert_made_good(installation, record_id)


@pytest.mark.timeout(600)  # at full scale
def test_one_after_the_other_is_killed_under_a_stream(
    installation: Installation, tasks: list[str], scale: Scale
) -> None:
    victims = ["settle", "run", *KINDS] * scale.pick(small=1, full=5)
    random.Random(7).shuffle(victims)  # noqa: S311  made to be repeatable, protects nothing
    with DeliveryStream(installation, tasks) as stream:
        for victim in victims:
            stream.go_on_for(10)
            if victim in KINDS:
                installation.processes.kill(victim)
                installation.processes.start(victim)
            else:
                installation.processes.kill_child(victim)
        stream.go_on_for(10)
    assert set(stream.statuses) <= {202, None}, (
        "where nobody listens there is no answer, and else there is 202"
    )
    assert_stream_settled(installation, stream)
