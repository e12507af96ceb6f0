"""Handler kind `log`: one log line per change, or alarm. It shows field values only where it is told to."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.changes.types import Change
from service.clock import iso
from service.handlers.alarms import Alarm, AlarmContext
from service.handlers.context import Context
from service.handlers.kinds import BuiltHandler, HandlerDeps, HandlerKind, HandlerSettings
from service.handlers.types import Done, Outcome


class LogOptions(BaseModel):
    """`log: {}`, or `log: {level: info, fields: [status]}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The level of the line.", examples=["warning"]
    )
    fields: tuple[str, ...] = Field(
        (),
        description=(
            "Field ids whose values stand in the line, with both sides where they differ. Others are only "
            "named."
        ),
        examples=[["status", "priority"]],
    )


def describe(change: Change, shown: tuple[str, ...]) -> dict[str, Any]:
    """Say what the line says of a change, beside the ids that `ctx.log` carries."""
    facts: dict[str, Any] = {
        "account": change.account,
        "app": change.app.name,
        "record_id": change.record_id,
        "kind": change.kind.value,
        "version": change.version,
        "origin": change.origin.value,
    }
    if change.diff is not None:
        facts["changed"] = sorted(change.diff)
    if shown:
        facts["fields"] = {name: (change.record or {}).get(name) for name in shown}
    if shown and change.diff is not None:
        facts["diff"] = {name: list(side) for name, side in change.diff.items() if name in shown}
    return facts


def _build(options: LogOptions, _settings: HandlerSettings, _deps: HandlerDeps) -> BuiltHandler:
    async def call(change: Change, context: Context) -> Outcome:
        write = getattr(context.log, options.level)
        write("change.handled", **describe(change, options.fields))
        return Done()

    async def tell(alarm: Alarm, context: AlarmContext) -> Outcome:
        log = context.log.bind(alarm=alarm.name, subject=alarm.subject, since=iso(alarm.since))
        write = getattr(log, options.level)
        write("alarm.told", over=alarm.is_over, message=alarm.message)
        return Done()

    return BuiltHandler(call, tell)


LOG = HandlerKind("log", LogOptions, _build)
