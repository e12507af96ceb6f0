"""Valkey flushed, or away, under a stream of deliveries: what it carries may be lost at any moment."""

import threading
from collections.abc import Iterator

import httpx2
import pytest
import redis

from service.dev.environment import EmbeddedServices
from tests.fixtures.auditing import (
    assert_nothing_lost,
    assert_stream_settled,
    assert_true_to_the_provider,
)
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, installation_for_faults
from tests.fixtures.kill_points import POINTS
from tests.fixtures.stream import DeliveryStream
from tests.fixtures.tiers import Scale


@pytest.fixture(scope="module")
def installation(
    own_services: EmbeddedServices, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A relay on servers of its own."""
    with installation_for_faults(
        Database(own_services.database_url), own_services.redis_url, tmp_path_factory.mktemp("relay")
    ) as running:
        yield running


def flush(installation: Installation) -> None:
    with redis.Redis.from_url(installation.redis_url) as client:
        client.flushall()


def assert_nothing_missed(installation: Installation, stream: DeliveryStream) -> None:
    assert set(stream.statuses) == {202}
    assert_stream_settled(installation, stream)
    assert_true_to_the_provider(installation, list(stream.acknowledged))


@pytest.mark.parametrize("point", POINTS)
def test_it_is_flushed(installation: Installation, point: str) -> None:
    with POINTS[point](installation) as reached:
        record_id = installation.create()
        reached()
        installation.update(record_id, status=["Done"])
        installation.wait_until_told(record_id)
        flush(installation)
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])


def test_it_is_flushed_again_and_again_under_a_stream(installation: Installation, tasks: list[str]) -> None:
    with DeliveryStream(installation, tasks) as stream:
        for _ in range(10):
            stream.go_on_for(10)
            flush(installation)
    assert_nothing_missed(installation, stream)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_it_is_away_under_a_stream(
    installation: Installation, own_services: EmbeddedServices, tasks: list[str], how: str, scale: Scale
) -> None:
    with DeliveryStream(installation, tasks) as stream:
        stream.go_on_for(20)
        if how == "stopped":
            own_services.stop_valkey()
        else:
            own_services.kill_valkey()
        threading.Event().wait(
            scale.pick(small=3.0, full=10.0)
        )  # the length of the absence is what is tested
        stream.go_on_for(5)
        own_services.start_valkey()
    assert_nothing_missed(installation, stream)


def test_lost_doorbells_are_rung_again_by_the_next_scheduler(
    installation: Installation, own_services: EmbeddedServices, http: httpx2.Client
) -> None:
    record_id = installation.create()
    installation.wait_until_done()
    installation.processes.kill("scheduler")
    own_services.stop_valkey()  # so the web process rings for nobody
    installation.update(record_id, told=False, status=["Done"])
    assert installation.deliver(http, record_id) == 202
    installation.processes.kill("web")  # and what it still had in mind is gone
    own_services.start_valkey()
    assert installation.unfinished(), "somebody rang, and nobody was left to ring"
    installation.processes.start("web", "scheduler")
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])
