"""The body that tells of an alarm (handler kind `http`). Pure."""

from typing import Any

from service.clock import iso
from service.handlers.alarms import Alarm, AlarmContext


def build_alarm_payload(alarm: Alarm, context: AlarmContext) -> dict[str, Any]:
    """Say that an alarm was raised, or cleared, in the form of all other bodies (CONTRACT §6)."""
    return {
        "type": "relay.alarm.cleared" if alarm.is_over else "relay.alarm.raised",
        "timestamp": iso(alarm.cleared_at or alarm.since),
        "data": {
            "notice_id": str(context.notice_id),
            "handler": context.handler,
            "attempt": context.attempt,
            "alarm": alarm.name,
            "subject": alarm.subject,
            "message": alarm.message,
            "since": iso(alarm.since),
            "cleared_at": None if alarm.cleared_at is None else iso(alarm.cleared_at),
        },
    }
