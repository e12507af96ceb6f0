"""Health as JSON: with names and figures for those who may see them, without for all others."""

from datetime import UTC, datetime

from service.pipeline.probes.checks import Check, CheckName, Health, Status
from service.web.health import describe

HEALTH = Health(
    {
        CheckName.BUDGET: (
            Check(Status.PASS, "account main: 3 of 500 used", 3, "calls"),
            Check(Status.WARN, "account other: blocked", 0, "calls"),
        ),
        CheckName.REDIS: (Check(Status.PASS),),
    },
    datetime(2026, 11, 22, 5, tzinfo=UTC),
)
TIME = "2026-11-22T05:00:00Z"


def test_without_the_token_only_statuses() -> None:
    assert describe(HEALTH, detailed=False) == {
        "status": "warn",
        "checks": {
            "budget": [{"status": "warn", "time": TIME}],
            "redis": [{"status": "pass", "time": TIME}],
        },
    }


def test_with_the_token_everything() -> None:
    assert describe(HEALTH, detailed=True)["checks"] == {
        "budget": [
            {
                "status": "pass",
                "output": "account main: 3 of 500 used",
                "observedValue": 3,
                "observedUnit": "calls",
                "time": TIME,
            },
            {
                "status": "warn",
                "output": "account other: blocked",
                "observedValue": 0,
                "observedUnit": "calls",
                "time": TIME,
            },
        ],
        "redis": [{"status": "pass", "time": TIME}],
    }
