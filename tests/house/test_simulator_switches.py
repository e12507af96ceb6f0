"""What is not known of a provider can be switched in its simulator; every switch is tried, and described."""

import re

import pytest

from service.cli.reference import REFERENCE
from service.dev.reference.simulator_controls import CONTROLS, ONSPRING_CONTROLS
from service.dev.simulators.fusioo.control_routes import control_routes
from service.dev.simulators.fusioo.edits import EditStream
from service.dev.simulators.fusioo.example_apps import example_state
from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from service.dev.simulators.onspring.control_routes import control_routes as onspring_control_routes
from service.dev.simulators.onspring.example import example_state as onspring_state
from service.dev.simulators.onspring.switches import ONSPRING_SWITCHES
from service.dev.simulators.switches import LISTED, Switch, switches_of
from tests.fixtures.source import ROOT

UNKNOWN = {
    "headers of deliveries": ("secret_header", "extra_headers"),
    "body of both kinds of webhooks": ("delivery_body",),
    "retries of deliveries": ("delivery_retries",),
    "timeout of the sender": ("delivery_timeout",),
    "order of deliveries": ("deliveries.invert_share", "deliveries.delay_spread"),
    "duplicates and losses of deliveries": ("deliveries.duplicate_share", "deliveries.drop_share"),
    "disabling of webhooks": ("disabled_after", "disabled_vanish"),
    "what fires": ("api_writes_fire", "bulk_edits_fire", "imports_fire", "formulas_fire", "restore_fires"),
    "token endpoint": ("oauth.credentials_in", "oauth.lifetime", "oauth.tells_lifetime"),
    "refresh of tokens": ("oauth.rotates", "oauth.grace"),
    "headers of the rate limit": ("rate_headers",),
    "the true limit": ("calls_per_window", "window", "stranger_calls_per_hour"),
    "names of the other conditions": ("condition_names",),
    "whether last_modified can be filtered": ("stamps_filter",),
    "zone of the system stamps": ("stamps", "stamps_zone"),
    "wire form of the unknown types of field": ("odd_values",),
    "longest URL of ids": ("longest_url", "long_url_status", "long_url_body"),
    "what becomes of missing ids": ("missing_ids",),
    "reads right after a webhook": ("reads.stale_seconds", "reads.absent_seconds", "reads.spread"),
    "status of the codes": ("refusal_status",),
    "answers of create and update": ("writes_answer",),
    "the limit of a page": ("most_per_page", "over_limit", "zero_limit"),
}
"""What is still to be learnt from a live account, and the switches that let us try what it may be."""

SWITCHES = {switch.name: switch for switch in FUSIOO_SWITCHES.switches()}
TRIES = sorted((ROOT / "tests" / "integration").rglob("test_*.py"))


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_what_is_not_known_can_be_switched(unknown: str) -> None:
    assert set(UNKNOWN[unknown]) <= SWITCHES.keys()


def test_every_switch_is_tried_over_http() -> None:
    tried = "".join(path.read_text("utf-8") for path in TRIES)
    assert [name for name, switch in SWITCHES.items() if not re.search(_turning(switch), tried)] == []


def test_every_kind_of_wrong_answer_is_tried_over_http() -> None:
    tried = "".join(path.read_text("utf-8") for path in TRIES)
    keys = [switch.key for section, owner in LISTED.items() for switch in switches_of(section, owner)]
    assert [key for key in keys if f"{key}=" not in tried and f'"{key}"' not in tried] == []


def test_the_page_names_every_control() -> None:
    state = example_state(token="any")
    real = {
        (method, route.path.removeprefix("/_sim"))
        for route in control_routes(state, EditStream(state))
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(method, control.path) for control in CONTROLS for method in control.methods} == real


def test_the_page_names_every_switch() -> None:
    page = (REFERENCE / "simulator.md").read_text("utf-8")
    assert [name for name in SWITCHES if f"| `{name}` |" not in page] == []


def test_every_switch_of_onspring_is_tried_and_described() -> None:
    files = (ROOT / "tests").rglob("onspring/test_*.py")
    tried = "".join(path.read_text("utf-8") for path in files)
    own = [switch for switch in ONSPRING_SWITCHES.switches() if not switch.section]
    assert [switch.name for switch in own if not re.search(_turning(switch), tried)] == []
    page = (REFERENCE / "simulator.md").read_text("utf-8")
    assert [switch.name for switch in own if f"| `{switch.name}` |" not in page] == []


def test_the_page_names_every_control_of_onspring() -> None:
    real = {
        (method, re.sub(r":\w+\}", "}", route.path).removeprefix("/_sim"))
        for route in onspring_control_routes(onspring_state(key="any"))
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(method, control.path) for control in ONSPRING_CONTROLS for method in control.methods} == real


def _turning(switch: Switch) -> str:
    """The ways to turn a switch in a test."""
    section, key = switch.section, switch.key
    argument = switch.name.replace(".", "__")
    turned = [rf'"{re.escape(switch.name)}"', rf'"{argument}"', rf"\b{argument}=", rf"\bsettings\.{key} = "]
    return "|".join(turned if not section else [*turned, rf"\b{section}\.{key} = "])
