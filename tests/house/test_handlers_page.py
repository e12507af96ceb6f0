"""What the page of handlers says of templates is what templates have."""

import re

from service.handlers.builtin.http import BODY_KEPT
from service.handlers.template_filters import filters
from service.handlers.template_sandbox import RANGE_AT_MOST, STEPS_AT_MOST
from service.handlers.template_values import ALARM_NAMES, CHANGE_NAMES, values_of, values_of_alarm
from service.handlers.templates import OUTPUT_AT_MOST
from service.testing import make_alarm, make_change
from tests.fixtures.source import ROOT

PAGE = (ROOT / "docs" / "guide" / "handlers.md").read_text("utf-8")
ALIASES = {"d", "e"}
"""Short names of Jinja's, which the page leaves to Jinja's."""


def _rows(title: str) -> dict[str, str]:
    """The rows of the table with this first column: names in it, and what stands beside."""
    table = PAGE.split(f"| {title} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("|").split("|", 1) for line in table.splitlines()[2:]]
    return {name: told for names, told in rows for name in re.findall(r"`(\w+)", names)}


def test_every_filter_is_named_and_every_name_is_a_filter() -> None:
    assert set(_rows("filter")) == set(filters()) - ALIASES


def test_every_value_is_named() -> None:
    named = _rows("name")
    assert set(named) == CHANGE_NAMES | ALARM_NAMES
    change = values_of(make_change({"a": 1}))["change"]
    for part in change.keys() - {"app"}:
        assert f".{part}`" in named["change"]
    for part in values_of_alarm(make_alarm())["alarm"]:
        assert f".{part}`" in named["alarm"]


def test_the_limits_are_those_of_the_code() -> None:
    assert OUTPUT_AT_MOST == 1024 * 1024
    assert "1 MiB of text" in PAGE
    assert f"{STEPS_AT_MOST:,}\nsteps of loops" in PAGE
    assert f"`range({RANGE_AT_MOST})`" in PAGE
    assert f"first {BODY_KEPT:,} characters" in PAGE
