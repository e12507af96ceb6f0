"""The register of switches, and how they are written on a command line."""

from datetime import timedelta
from typing import Any

import pytest

from service.dev.simulators.faults import AnswerFault
from service.dev.simulators.fusioo.records import Happening
from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from service.dev.simulators.switches import Switch, read_answer

SWITCHES = {switch.name: switch for switch in FUSIOO_SWITCHES.switches()}


def _fresh() -> dict[str, Any]:
    return FUSIOO_SWITCHES.fresh()


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=list(SWITCHES))
def test_the_default_is_read_as_it_is_written(switch: Switch) -> None:
    assert FUSIOO_SWITCHES.turned(_fresh(), {switch.name: switch.read(switch.default_text)}) == _fresh()
    assert switch.meaning.endswith(".")


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=list(SWITCHES))
def test_every_choice_is_taken(switch: Switch) -> None:
    for choice in switch.choices:
        section = FUSIOO_SWITCHES.turned(_fresh(), {switch.name: switch.read(choice)})[switch.section]
        assert getattr(section, switch.key) in {choice, None, *([int(choice)] if choice.isdecimal() else [])}
    if switch.choices:
        with pytest.raises(ValueError, match=switch.name):
            FUSIOO_SWITCHES.turned(_fresh(), {switch.name: switch.read("another")})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("calls_per_window", "20", 20),
        ("window", "10m", timedelta(minutes=10)),
        ("delivery_retries", "1,5.5,30", (1.0, 5.5, 30.0)),
        ("extra_headers", "X-A=1,X-B={event}", {"X-A": "1", "X-B": "{event}"}),
        ("extra_headers", "none", {}),
        ("disabled_after", "none", None),
        ("restore_fires", "update", Happening.UPDATE),
        ("rate_headers", "none", "none"),
        ("long_url_status", "404", 404),
        ("oauth.rotates", "false", False),
        ("reads.stale_seconds", "2.5", 2.5),
    ],
)
def test_values_are_read(name: str, text: str, value: Any) -> None:
    switch = SWITCHES[name]
    section = FUSIOO_SWITCHES.turned(_fresh(), {name: switch.read(text)})[switch.section]
    assert getattr(section, switch.key) == value


def test_sections_that_are_copied_stay_as_they_were() -> None:
    first = _fresh()
    changed = FUSIOO_SWITCHES.turned(first, {"missing_ids": "null", "deliveries.drop_next": 2})
    assert first == _fresh()
    assert changed["deliveries"].next_fate is not first["deliveries"].next_fate
    assert (changed[""].missing_ids, changed["deliveries"].drop_next) == ("null", 2)


def test_a_wrong_answer_is_read() -> None:
    read = read_answer("status=429,share=0.25,times=none,path=/apps$,takes_effect=true,retry_after=7")
    assert read == AnswerFault(
        status=429, share=0.25, times=None, path="/apps$", takes_effect=True, retry_after=7
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("state=1", "'state' is not one of status, body"),
        ("share=2", "share: "),
        ("status", "status: "),
        ("path=(", "path: "),
    ],
)
def test_what_is_no_answer_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_answer(text)
