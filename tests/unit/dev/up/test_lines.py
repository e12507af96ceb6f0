"""How a change looks in one line."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.dev.up.feed import Told
from service.dev.up.lines import change_line, short_id, shown
from service.handlers.listing import RunView
from service.lifecycle import RunStatus
from service.records.listing import ChangeDetail
from service.registrations.listing import WatchedAppView

NOON = datetime(2026, 11, 22, 12, 3, 11, tzinfo=UTC)
RUN_ID = UUID(int=7)
TASKS = WatchedAppView("Tasks", "title")


def change(**facts: Any) -> ChangeDetail:
    usual: dict[str, Any] = {
        "id": UUID(int=1),
        "account": "main",
        "app_id": "ia4f42",
        "record_id": "i59adb1c9d8",
        "version": 3,
        "kind": "update",
        "origin": "webhook",
        "restored": False,
        "diff": {"status": {"before": ["To do"], "after": ["Done"]}},
        "deliveries": 1,
        "first_received_at": NOON,
        "call_id": 1,
        "created_at": NOON,
        "record": {"id": "i59adb1c9d8", "title": "Send the offer"},
    }
    return ChangeDetail(**{**usual, **facts})


def run(status: RunStatus = RunStatus.DONE, *, attempts: int = 1, error: str | None = None) -> RunView:
    return RunView(
        id=RUN_ID,
        change_id=UUID(int=1),
        account="main",
        app_id="ia4f42",
        record_id="i59adb1c9d8",
        rule="all",
        handler="console",
        replay=0,
        status=status,
        attempts=attempts,
        next_at=NOON,
        held=None,
        error=error,
        created_at=NOON,
        finished_at=None,
    )


def line(told: Told) -> str:
    clock = f"{NOON.astimezone():%H:%M:%S}"
    text = change_line(told).plain
    assert text.startswith(f"{clock}  ")
    return text.removeprefix(f"{clock}  ").replace(clock, "NOON")


def test_a_change_with_its_diff_and_its_runs() -> None:
    told = Told(change(), TASKS, (run(), replace(run(), handler="ops")))
    assert line(told) == (
        "Tasks     i59adb…  update v3    “Send the offer”  status: To do → Done   runs: console ok, ops ok"
    )


def test_a_change_that_no_rule_wanted_has_no_runs() -> None:
    assert line(Told(change(), TASKS, ())).endswith("status: To do → Done")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"kind": "create", "diff": None, "version": 1}, "create v1    “Send the offer”"),
        ({"kind": "delete", "diff": None}, "delete v3    “Send the offer”"),
        ({"diff": None, "version": 1}, "update v1    “Send the offer”  seen for the first time"),
        ({"diff": {}}, "update v3    “Send the offer”  nothing differs"),
        (
            {"kind": "create", "diff": None, "restored": True},
            "create v3    “Send the offer”  restored from the trash",
        ),
        ({"kind": "delete", "diff": None, "record": None}, "delete v3  "),
        (
            {"diff": {"a": {"before": 1, "after": None}, "b": {"before": None, "after": [True]}}},
            "update v3    “Send the offer”  a: 1 → (empty), b: (empty) → yes",
        ),
    ],
)
def test_every_kind_says_what_it_is(facts: dict[str, Any], expected: str) -> None:
    assert line(Told(change(**facts), TASKS, ())) == f"Tasks     i59adb…  {expected}"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (run(attempts=3), "ok after 3 attempts"),
        (run(RunStatus.READY, attempts=1, error="status 503"), "failed (status 503), again at NOON"),
        (run(RunStatus.READY, attempts=0), "under way"),
        (run(RunStatus.RUNNING), "under way"),
        (run(RunStatus.WAITING, attempts=0), "waits for an earlier one"),
        (run(RunStatus.DEAD, error="status 410"), f"dead (status 410): relay runs show {RUN_ID}"),
        (run(RunStatus.DISCARDED, error="no client"), "discarded (no client)"),
        (run(RunStatus.DISCARDED), "discarded (no reason given)"),
        (run(RunStatus.SKIPPED, attempts=0, error="when.a.b: no"), "skipped (when.a.b: no)"),
    ],
)
def test_a_run_says_how_it_went(seen: RunView, expected: str) -> None:
    assert line(Told(change(), TASKS, (seen,))).endswith(f"runs: console {expected}")


def test_what_is_told_late_names_the_version_and_the_runs_only() -> None:
    told = Told(change(), TASKS, (run(attempts=2),), late=True)
    assert line(told) == (
        "Tasks     i59adb…  update v3    “Send the offer”   runs: console ok after 2 attempts"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "(empty)"),
        ([], "(empty)"),
        (False, "no"),
        (0, "0"),
        (["High", "Low"], "High, Low"),
        ("<p>Salt &amp;\n  <b>pepper</b></p>", "Salt & pepper"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("x" * 50, "x" * 39 + "…"),
    ],
)
def test_values_are_shown_in_a_few_words(value: Any, expected: str) -> None:
    assert shown(value) == expected


def test_short_ids_stay_whole() -> None:
    assert [short_id("ia4f42"), short_id("i59adb1c")] == ["ia4f42", "i59adb…"]
