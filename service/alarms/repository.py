"""Raising and clearing alarms. An alarm is raised once per onset and cleared once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_log = structlog.get_logger()


class AlarmName(StrEnum):
    """The conditions that raise an alarm."""

    APP_HALTED = "app_halted"
    """The provider refuses an app (not found, no access); its deliveries wait."""
    ACCOUNT_HALTED = "account_halted"
    """The provider refuses the account's credentials; its deliveries wait."""
    FIELD_GONE = "field_gone"
    """A field that we know, and that a rule names, is no longer in the app's schema."""
    RULE_BROKEN = "rule_broken"
    """A rule does not fit the app that it names: it would not hold, or not mean what was meant."""
    DELETIONS_HELD = "deletions_held"
    """So many records of an app are missing that none is taken for deleted."""
    RULES_REFUSED = "rules_refused"
    """The configuration was changed, is wrong, and was not taken: the one before it goes on."""
    HANDLER_FAILING = "handler_failing"
    """A handler fails again and again; its runs wait, but one that is tried now and then."""
    LOOP_HELD = "loop_held"
    """A handler ran for one record so often that it seems to cause the changes itself; its runs are held."""
    WEBHOOKS_DRIFTED = "webhooks_drifted"
    """Webhooks of an account are not, at the provider, as we made them."""
    WEBHOOK_SILENT = "webhook_silent"
    """Changes came to light that a webhook should have told of."""
    WEBHOOK_QUIET = "webhook_quiet"
    """A webhook that used to tell of changes does no longer; perhaps there are none."""


@dataclass(frozen=True, slots=True)
class LastingAlarm:
    """An alarm that is not cleared."""

    name: str
    subject: str
    message: str
    raised_at: datetime


async def raise_alarm(connection: AsyncConnection, name: AlarmName, subject: str, message: str) -> bool:
    """Raise an alarm unless it lasts already. True: this was its onset (also logged)."""
    onset = (
        await connection.execute(
            text(
                """
                INSERT INTO alarms (name, subject, message, untold) VALUES (:name, :subject, :message, true)
                ON CONFLICT (name, subject) WHERE cleared_at IS NULL DO NOTHING RETURNING 1"""
            ),
            {"name": name, "subject": subject, "message": message},
        )
    ).one_or_none()
    if onset is not None:
        _log.error("alarm.raised", alarm=str(name), subject=subject, message=message)
    return onset is not None


async def clear_alarm(connection: AsyncConnection, name: AlarmName, subject: str) -> bool:
    """Clear an alarm if it lasts. True: it did (also logged)."""
    cleared = (
        await connection.execute(
            text(
                """
                UPDATE alarms SET cleared_at = now(), untold = true
                WHERE name = :name AND subject = :subject AND cleared_at IS NULL RETURNING 1"""
            ),
            {"name": name, "subject": subject},
        )
    ).one_or_none()
    if cleared is not None:
        _log.info("alarm.cleared", alarm=str(name), subject=subject)
    return cleared is not None


async def lasting_alarms(connection: AsyncConnection, *, limit: int = 1000) -> list[LastingAlarm]:
    """List the alarms that last, the oldest first."""
    rows = await connection.execute(
        text(
            """
            SELECT name, subject, message, raised_at FROM alarms WHERE cleared_at IS NULL
            ORDER BY raised_at LIMIT :limit"""
        ),
        {"limit": limit},
    )
    return [LastingAlarm(row.name, row.subject, row.message, row.raised_at) for row in rows]
