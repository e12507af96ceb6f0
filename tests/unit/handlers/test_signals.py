"""What a handler may raise to say how its run goes on."""

from datetime import timedelta

import pytest

from service.handlers import Discard, Retry


@pytest.mark.parametrize(
    ("after", "seconds"), [(None, None), (90, 90.0), (0, 0.0), ("1m30s", 90.0), (timedelta(minutes=2), 120.0)]
)
def test_retry_takes_seconds_durations_and_texts(
    after: float | str | timedelta | None, seconds: float | None
) -> None:
    assert Retry(after=after).retry_after == seconds


@pytest.mark.parametrize("after", [-1, float("nan"), "soon", timedelta(seconds=-1)])
def test_retry_refuses_what_is_no_wait(after: float | str | timedelta) -> None:
    with pytest.raises(ValueError, match=r"duration|Retry\("):
        Retry(after=after)


def test_discard_keeps_its_reason() -> None:
    assert (Discard("old").reason, str(Discard("old"))) == ("old", "old")
