"""Which ticks there are, and how often they are due."""

from datetime import timedelta

import pytest

from service.config import Settings
from service.rules.loader import parse
from service.scheduler.periods import tick_periods
from service.ticks.repository import DueTick
from tests.fixtures.known_apps import HEAD, RULE, configured
from tests.fixtures.relay_yaml import ENV


def test_there_is_one_of_what_is_done_for_all() -> None:
    settings = Settings(sweep_every=timedelta(seconds=2), apps_every=timedelta(minutes=5))
    periods = tick_periods(settings, configured(""))
    assert {tick.name: every for tick, every in periods.items() if not tick.key} == {
        "sweep": timedelta(seconds=2),
        "alarms": timedelta(seconds=2),
        "retention": timedelta(hours=1),
        "apps": timedelta(minutes=5),
    }
    assert DueTick("sweep", "") in periods


@pytest.mark.parametrize(("period", "expected"), [("15m", 30), ("5s", 5)])
def test_what_knows_itself_what_is_due_is_called_often_enough(period: str, expected: float) -> None:
    text = HEAD.replace('token: "${T}"', f'token: "${{T}}", reconcile: {period}') + RULE
    periods = tick_periods(Settings(), parse(text, "relay.yaml", ENV))
    assert periods[DueTick("reconcile", "main")] == timedelta(seconds=expected)
    assert {tick.key for tick in periods} == {"", "main"}


def test_accounts_of_every_provider_are_reconciled_swept_and_listened_to() -> None:
    text = 'version: 1\naccounts: {grc: {provider: onspring, token: "${T}", base_url: "https://x.test"}}\n'
    periods = tick_periods(Settings(), parse(text, "relay.yaml", ENV))
    assert {tick.name for tick in periods if tick.key == "grc"} == {"reconcile", "drift", "full_sweep"}
