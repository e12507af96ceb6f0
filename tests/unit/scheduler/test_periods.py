"""Which ticks there are, and how often they are due."""

from datetime import timedelta

from service.config import Settings
from service.scheduler.periods import tick_periods
from service.ticks.repository import DueTick
from tests.fixtures.known_apps import configured


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
