"""Servers that take a connection and never answer: the look ends in time all the same."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from socket import create_server

import pytest

from service.db.engine import open_engine
from service.pipeline.probes.checks import CheckName, Status
from service.pipeline.probes.figures import measure
from service.pipeline.probes.prober import Prober
from service.queue.pinging import Pinger
from tests.fixtures.probing import EXPECTED

PATIENCE = timedelta(milliseconds=300)


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_look_ends_in_time(black_hole: int) -> None:
    engine = open_engine(f"postgresql://relay:sesame@127.0.0.1:{black_hole}/relay", name="test")
    pinger = Pinger(f"redis://127.0.0.1:{black_hole}", timeout=timedelta(seconds=5))
    async with Prober(
        measure=partial(measure, engine, {}, lost_after=PATIENCE),
        ping=pinger.ping,
        expected=EXPECTED,
        lost_after=PATIENCE,
        fresh_for=timedelta(0),
        patience=PATIENCE,
    ) as prober:
        for _ in range(3):
            began = time.monotonic()
            look = await prober.look()
            assert time.monotonic() - began < PATIENCE.total_seconds() + 1
            told = [look.health.checks[name][0] for name in (CheckName.POSTGRES, CheckName.REDIS)]
            assert [check.status for check in told] == [Status.FAIL, Status.FAIL]
            assert "sesame" not in repr(look)
    await pinger.close()
    await engine.dispose()
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("probe")] == []
