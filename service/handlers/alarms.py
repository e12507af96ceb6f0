"""What a handler under `alarms:` gets: the alarm, and what belongs to telling it once."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class Alarm:
    """A condition that a person must know of: it has begun, or it is over."""

    name: str
    """Which condition: `app_halted`, `account_halted`, … (docs/guide/operating.md lists them)."""
    subject: str
    """What it is about: `main/ia4f42` (account and app), `main` (account)."""
    message: str
    """What happened and what to do, in one sentence, without secrets."""
    since: datetime
    """When it began (aware UTC)."""
    cleared_at: datetime | None = None
    """When it was over; None: it lasts."""

    @property
    def is_over(self) -> bool:
        """Whether this tells of its end."""
        return self.cleared_at is not None


class AlarmContext:
    """One attempt at telling one handler of one alarm."""

    def __init__(self, *, notice_id: UUID, handler: str, attempt: int) -> None:
        self.notice_id, self.handler, self.attempt = notice_id, handler, attempt

    @cached_property
    def log(self) -> FilteringBoundLogger:
        """A log whose lines name the notice."""
        log: FilteringBoundLogger = structlog.get_logger().bind(
            notice=str(self.notice_id), handler=self.handler, attempt=self.attempt
        )
        return log

    @property
    def idempotency_key(self) -> str:
        """The notice's id: the same over all attempts, for services that drop repeated requests."""
        return str(self.notice_id)

    def __repr__(self) -> str:
        return f"<AlarmContext notice={self.notice_id} handler={self.handler} attempt={self.attempt}>"
