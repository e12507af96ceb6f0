"""What is left of a walk."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.lifecycle import WalkPurpose
from service.pipeline.accounts.providers import WALKED_PER_CALL
from service.pipeline.walking.estimate import Pace, calls_left, seconds_left
from service.walks.repository import Walk

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
WALK = Walk(
    id=1,
    account="main",
    app_id="a1",
    purpose=WalkPurpose.BACKFILL,
    token=UUID(int=1),
    run_rules=False,
    since=None,
    sight=1,
    began_at=NOW,
)


def test_calls_are_known_once_the_records_are_counted() -> None:
    assert calls_left(WALK) is None
    assert calls_left(replace(WALK, expected=1_900, seen=0)) == 11
    assert calls_left(replace(WALK, expected=1_900, seen=1_890)) == 2
    assert calls_left(replace(WALK, expected=1_900, seen=2_000)) == 2
    assert calls_left(replace(WALK, expected=1_900, since=NOW)) is None
    assert calls_left(replace(WALK, expected=1_900, seen=0), WALKED_PER_CALL["onspring"]) == 3


@pytest.mark.parametrize(
    ("calls", "free", "seconds"), [(10, 270, 5), (270, 270, 135), (271, 270, 3735.5), (555, 15, 7477.5)]
)
def test_time_goes_by_while_calls_come_back(calls: int, free: int, seconds: float) -> None:
    pace = Pace(free=free, usable=270, window=3600.0, per_call=0.5)
    assert seconds_left(calls, pace) == seconds
