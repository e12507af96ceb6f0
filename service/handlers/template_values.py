"""What templates see: a change, or an alarm, as plain JSON values. Pure."""

from typing import Any

from service.changes.types import Change
from service.clock import iso
from service.handlers.alarms import Alarm

CHANGE_NAMES = frozenset({"record", "diff", "change", "linked"})
ALARM_NAMES = frozenset({"alarm"})


def values_of(change: Change) -> dict[str, Any]:
    """Give `record` (null if it was never seen), `diff` (empty if none is known), `change`, `linked`."""
    return {
        "record": None if change.record is None else dict(change.record),
        "diff": {
            name: {"before": side.before, "after": side.after} for name, side in (change.diff or {}).items()
        },
        "change": {
            "id": str(change.id),
            "account": change.account,
            "app": {"id": change.app.id, "name": change.app.name},
            "record_id": change.record_id,
            "kind": change.kind.value,
            "origin": change.origin.value,
            "restored": change.restored,
            "version": change.version,
            "deliveries": change.deliveries,
            "timestamp": iso(change.created_at),
        },
        "linked": {path: [dict(record) for record in records] for path, records in change.linked.items()},
    }


def values_of_alarm(alarm: Alarm) -> dict[str, Any]:
    """Give `alarm`: its name, subject and message, whether it is over, and when it began and ended."""
    return {
        "alarm": {
            "name": alarm.name,
            "subject": alarm.subject,
            "message": alarm.message,
            "over": alarm.is_over,
            "since": iso(alarm.since),
            "cleared_at": None if alarm.cleared_at is None else iso(alarm.cleared_at),
        }
    }
