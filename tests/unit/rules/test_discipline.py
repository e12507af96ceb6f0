"""`rate`, `breaker` and `loop` as people write them."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from service.rules.discipline import Breaker, Loop
from service.rules.handler import Handler


def handler(**settings: Any) -> Handler:
    return Handler.model_validate({"log": {}, **settings})


@pytest.mark.parametrize(
    ("written", "every"),
    [
        ("10/s", timedelta(milliseconds=100)),
        ("30/m", timedelta(seconds=2)),
        ("500/h", timedelta(seconds=7.2)),
        ("2 per m", timedelta(seconds=30)),
        (" 2/m ", timedelta(seconds=30)),
    ],
)
def test_a_rate_is_so_many_in_a_time(written: str, every: timedelta) -> None:
    rate = handler(rate=written).rate
    assert rate is not None
    assert rate.every == every


def test_a_rate_is_shown_as_it_is_written_and_taken_as_it_is() -> None:
    written = handler(rate="30 per m")
    assert str(written.rate) == written.model_dump()["rate"] == "30/m"
    assert handler(rate=written.rate).rate == written.rate


@pytest.mark.parametrize("written", ["10", "0/s", "ten/s", "10/d", 10, "1.5/s", ""])
def test_what_is_no_rate_is_told_how_to_write_one(written: object) -> None:
    with pytest.raises(ValidationError, match="like 10/s, 30/m or 500/h"):
        handler(rate=written)


def test_what_is_not_written_has_its_defaults_and_false_means_none() -> None:
    usual = handler()
    assert (usual.rate, usual.breaker, usual.loop) == (None, Breaker(), Loop())
    assert usual.breaker == Breaker(failures=10, pause=timedelta(seconds=30))
    assert usual.loop == Loop(runs=10, within=timedelta(minutes=10))
    off = handler(breaker=False, loop=False)
    assert (off.breaker, off.loop) == (None, None)
    assert handler(breaker=True).breaker == Breaker()
    assert handler(loop={"runs": 3, "within": "1m"}).loop == Loop(runs=3, within=timedelta(minutes=1))


@pytest.mark.parametrize(
    "settings", [{"breaker": {"failures": 0}}, {"breaker": {"pause": "0s"}}, {"loop": {"runs": 0}}]
)
def test_nothing_is_less_than_once(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        handler(**settings)
