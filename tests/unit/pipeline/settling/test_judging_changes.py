"""What becomes of changes that rules have judged."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from service.pipeline.rulebook import Rulebook
from service.pipeline.settling.findings import judge_changes
from service.registrations.apps import AppView
from service.rules.conditions import CONDITIONS
from service.rules.schema import Rule
from tests.fixtures.changes import a_change

VIEW = AppView("Tasks", None, None, None, datetime(2024, 9, 30, tzinfo=UTC), writes_noted=False)


def _rulebook(**when: object) -> Rulebook:
    rules = [
        Rule.model_validate(
            {"name": name, "account": "main", "app": "Tasks", "run": ["ops"], "when": {"status": condition}}
        )
        for name, condition in when.items()
    ]
    return Rulebook.of(rules, ordered={"ops": True}, digest="d", timezones={})


def test_a_rule_that_fails_is_told_and_kept_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("service.rules.linked.CONDITIONS", {**CONDITIONS, "contains": fail})
    rulebook = _rulebook(fails={"contains": "Done"}, holds={"equal": "Done"}, misses={"equal": "To do"})
    change = a_change()
    with capture_logs() as lines:
        judged = judge_changes([change], VIEW, rulebook)
    assert [run.rule for run in judged.runs] == ["holds"]
    assert judged.verdicts == {
        change.id: {"fails": "error", "holds": None, "misses": "when.status.equal"},
    }
    assert lines == [
        {
            "event": "rule.failed",
            "log_level": "warning",
            "rule": "fails",
            "change": str(change.id),
            "error": "judging the rule failed: RuntimeError: broken",
        }
    ]
