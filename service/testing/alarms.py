"""Alarms as functions marked with `@alarm_handler` get them."""

from datetime import datetime
from uuid import UUID

from service.handlers.alarms import Alarm, AlarmContext
from service.testing.changes import MOMENT

NOTICE_ID = UUID("0199a000-0000-7000-8000-000000000003")


def make_alarm(
    name: str = "app_halted",
    *,
    subject: str = "main/ia4f42",
    message: str = "Fusioo refuses the app: look at the token's permissions",
    since: datetime = MOMENT,
    cleared_at: datetime | None = None,
) -> Alarm:
    """Make an alarm; with `cleared_at` it is over."""
    return Alarm(name, subject, message, since, cleared_at)


def make_alarm_context(
    *, notice_id: UUID = NOTICE_ID, handler: str = "alarms", attempt: int = 1
) -> AlarmContext:
    """Make the context of one attempt at telling of an alarm."""
    return AlarmContext(notice_id=notice_id, handler=handler, attempt=attempt)
