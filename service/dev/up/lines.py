"""How a change and its runs look on the screen. Pure."""

import html
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from rich.text import Text

from service.changes.types import Kind
from service.dev.up.feed import Told
from service.handlers.listing import RunView
from service.lifecycle import RunStatus

_LONGEST_VALUE = 40
_LONGEST_ERROR = 120
_SHOWN_OF_ID = 6
_APP_WIDTH = 8
_TAG = re.compile(r"<[^>]*>")
_COLOURS: Mapping[str, str] = MappingProxyType(
    {Kind.CREATE: "green", Kind.UPDATE: "cyan", Kind.DELETE: "red"}
)
_RUN_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        RunStatus.DONE: "green",
        RunStatus.DEAD: "bold red",
        RunStatus.DISCARDED: "yellow",
        RunStatus.SKIPPED: "dim",
    }
)


def change_line(told: Told) -> Text:
    """`12:03:11  Tasks    i59adb…  update v3   “Send the offer”  status: To do → Done   runs: console ok`."""
    change = told.change
    line = Text.assemble(
        (f"{change.created_at.astimezone():%H:%M:%S}", "dim"),
        f"  {told.app.name:<{_APP_WIDTH}}  ",
        (f"{short_id(change.record_id):<{_SHOWN_OF_ID + 1}}", "dim"),
        (f"  {change.kind:<6}", _COLOURS.get(change.kind, "")),
        (f" {f'v{change.version}':<4}", "dim"),
        _title(change.record, told.app.title_field),
    )
    if not told.late:
        _append_what(line, told)
    if told.runs:
        line.append("   runs: ", "dim")
        line.append_text(Text(", ").join(_run(run) for run in told.runs))
    return line


def shown(value: Any) -> str:
    """A field's value in a few words."""
    if value is None or value == []:
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _clip(", ".join(shown(each) for each in value), _LONGEST_VALUE)
    return _clip(_plain(str(value)), _LONGEST_VALUE)


def short_id(record_id: str) -> str:
    """The first characters of an id, which tell records apart well enough."""
    return record_id if len(record_id) <= _SHOWN_OF_ID + 1 else f"{record_id[:_SHOWN_OF_ID]}…"


def _title(record: Mapping[str, Any] | None, field: str | None) -> str:
    title = (record or {}).get(field or "")
    return "" if title in (None, "", []) else f"  “{shown(title)}”"


def _append_what(line: Text, told: Told) -> None:
    change = told.change
    if change.restored:
        line.append("  restored from the trash")
    elif change.diff is None and change.kind == Kind.UPDATE:
        line.append("  seen for the first time", "dim")
    elif change.diff is not None and not change.diff:
        line.append("  nothing differs", "dim")
    for number, (field, sides) in enumerate((change.diff or {}).items()):
        line.append(", " if number else "  ")
        line.append(f"{field}: {shown(sides['before'])} → ")
        line.append(shown(sides["after"]), "bold")


def _run(run: RunView) -> Text:
    return Text.assemble(f"{run.handler} ", (_outcome(run), _RUN_COLOURS.get(run.status, "yellow")))


def _outcome(run: RunView) -> str:
    match run.status:
        case RunStatus.DONE:
            return "ok" if run.attempts <= 1 else f"ok after {run.attempts} attempts"
        case RunStatus.DEAD:
            return f"dead ({_reason(run)}): relay runs show {run.id}"
        case RunStatus.DISCARDED | RunStatus.SKIPPED:
            return f"{run.status} ({_reason(run)})"
        case RunStatus.READY if run.attempts:
            return f"failed ({_reason(run)}), again at {_time(run.next_at)}"
        case RunStatus.WAITING:
            return "waits for an earlier one"
        case _:
            return "under way"


def _reason(run: RunView) -> str:
    return _clip(run.error or "no reason given", _LONGEST_ERROR)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"


def _plain(text: str) -> str:
    """Rich text without its markup, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
