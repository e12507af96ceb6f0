"""Postgres restarted, under a stream of deliveries and while others are asked: what got a 202 is kept."""

import threading
from collections.abc import Iterator

import pytest

from service.dev.environment import EmbeddedServices
from tests.fixtures.auditing import (
    assert_nothing_lost,
    assert_stream_settled,
    assert_true_to_the_provider,
)
from tests.fixtures.database import Database
from tests.fixtures.installation import Installation, installation_for_faults
from tests.fixtures.kill_points import at_call, at_fetch
from tests.fixtures.stream import DeliveryStream
from tests.fixtures.tiers import Scale


@pytest.fixture(scope="module")
def installation(
    own_services: EmbeddedServices, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Leases outlast the restart, also on a busy machine: here no process is lost."""
    with installation_for_faults(
        Database(own_services.database_url),
        own_services.redis_url,
        tmp_path_factory.mktemp("relay"),
        RELAY_LOST_AFTER="10s",
    ) as running:
        yield running


def end_postgres(services: EmbeddedServices, how: str) -> None:
    if how == "stopped":
        services.stop_postgres()
    else:
        services.kill_postgres()


@pytest.mark.timeout(600)  # at full scale
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_it_is_restarted_under_a_stream(
    installation: Installation, own_services: EmbeddedServices, tasks: list[str], how: str, scale: Scale
) -> None:
    with DeliveryStream(installation, tasks) as stream:
        for _ in range(scale.pick(small=2, full=5)):
            stream.go_on_for(20)
            end_postgres(own_services, how)
            threading.Event().wait(scale.pick(small=0.5, full=10.0))  # the length of the absence is tested
            own_services.start_postgres()
        stream.go_on_for(20)
    assert set(stream.statuses) <= {202, 503}, "our own fault must be a 503"
    assert_stream_settled(installation, stream)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_fetch_is_not_paid_twice(
    installation: Installation, own_services: EmbeddedServices, how: str
) -> None:
    with at_fetch(installation) as reached:
        record_id = installation.create()
        reached()
        end_postgres(own_services, how)
    own_services.start_postgres()
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    assert_true_to_the_provider(installation, [record_id])
    asked = [call for call in installation.simulator.calls_of("POST", "/filter") if record_id in call.ids]
    assert len(asked) == 1


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_a_handler_did_is_noted_when_it_is_back(
    installation: Installation, own_services: EmbeddedServices, how: str
) -> None:
    with at_call(installation) as reached:
        record_id = installation.create()
        reached()
        end_postgres(own_services, how)
    own_services.start_postgres()
    installation.wait_until_done()
    assert_nothing_lost(installation, [record_id])
    for path in ("/ops", "/mirror"):
        assert len(installation.received(path, record_id)) == 1
