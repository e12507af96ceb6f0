"""Handler kind `log`: one line per change, values only where asked for."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.changes.types import Change, FieldDiff, Kind
from service.handlers.builtin.log import LOG, LogOptions
from service.handlers.kinds import HandlerDeps
from service.handlers.types import Done
from tests.fixtures.changes import UPDATE, a_change
from tests.fixtures.handling import RUN_ID, context, settings


async def line_for(of: Change, **options: Any) -> dict[str, Any]:
    built = LOG.build(LogOptions(**options), settings("log"), HandlerDeps(Path()))
    with capture_logs() as lines:
        assert await built.call(of, context(of=of)) == Done()
    (line,) = lines
    return dict(line)


async def test_a_line_names_the_change_and_what_differs_but_shows_no_value() -> None:
    line = await line_for(UPDATE)
    assert line["event"] == "change.handled"
    assert (line["app"], line["record_id"], line["kind"], line["version"]) == ("Tasks", "i59adb", "update", 7)
    assert (line["changed"], line["run_id"]) == (["status"], str(RUN_ID))
    assert "Done" not in str(line)


async def test_named_fields_are_shown_with_both_sides() -> None:
    diff = {**(UPDATE.diff or {}), "salary": FieldDiff(1, 2)}
    line = await line_for(a_change(diff=diff), fields=("status", "title", "unknown"))
    assert line["changed"] == ["salary", "status"]
    assert line["fields"] == {"status": ["Done"], "title": "Ünïcode", "unknown": None}
    assert line["diff"] == {"status": [["In progress"], ["Done"]]}


async def test_a_deletion_of_something_never_seen_has_a_line_too() -> None:
    line = await line_for(a_change(kind=Kind.DELETE, record=None, diff=None), fields=("status",))
    assert line["fields"] == {"status": None}
    assert "changed" not in line


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
async def test_the_level_is_the_users(level: str) -> None:
    assert (await line_for(UPDATE, level=level))["log_level"] == level
