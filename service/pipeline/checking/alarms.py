"""Alarms of rules that do not fit their apps, raised before an event meets them, and of fields that left."""

from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.alarms.repository import AlarmName, clear_alarm, lasting_alarms, raise_alarm
from service.db.persisting import persist
from service.handlers.clipping import ERROR_LENGTH, clip
from service.pipeline.checking.check import check_stored
from service.registrations.listings import read_listings
from service.rules.configuration import Configuration
from service.rules.named_fields import named_fields
from service.rules.problems import Problem

_MOST_ALARMS = 10_000


async def check_at_start(engine: AsyncEngine, configuration: Configuration) -> None:
    """Check the rules of a process that begins to work by them. Whatever is wrong: it begins all the same.

    Somebody may have renamed a field at the provider: every other rule must go on.
    """

    async def check() -> None:
        async with engine.begin() as connection:
            await tell_broken_rules(connection, configuration)

    try:
        await persist(check)
    except Exception as error:  # noqa: BLE001  what a check meets must stop no rule
        structlog.get_logger().error("rules.unchecked", exc_info=error)


async def tell_broken_rules(connection: AsyncConnection, configuration: Configuration) -> None:
    """Raise an alarm for each rule that does not fit its app; clear those of rules that do, or are gone."""
    checked = await check_stored(connection, configuration)
    for rule, problems in sorted(checked.broken.items()):
        await raise_alarm(connection, AlarmName.RULE_BROKEN, rule, _message(rule, problems))
    for alarm in await lasting_alarms(connection, limit=_MOST_ALARMS):
        if alarm.name == AlarmName.RULE_BROKEN and alarm.subject not in checked.broken:
            await clear_alarm(connection, AlarmName.RULE_BROKEN, alarm.subject)


async def clear_found_fields(connection: AsyncConnection, configuration: Configuration) -> None:
    """Clear `field_gone` where the field is back, or no rule of the account names it any more."""
    listings, named = await read_listings(connection), named_fields(configuration.rules)
    for alarm in await lasting_alarms(connection, limit=_MOST_ALARMS):
        if alarm.name != AlarmName.FIELD_GONE:
            continue
        account, app_id, field_id = (*alarm.subject.split("/", 2), "", "")[:3]
        if field_id not in named.get(account, ()) or (
            account in listings and _has(listings[account].apps, app_id, field_id)
        ):
            await clear_alarm(connection, AlarmName.FIELD_GONE, alarm.subject)


def _has(apps: Sequence[Mapping[str, object]], app_id: str, field_id: str) -> bool:
    found = next((app for app in apps if app.get("id") == app_id), {})
    fields = found.get("fields")
    listed = fields if isinstance(fields, list) else []
    return any(isinstance(field, dict) and field.get("id") == field_id for field in listed)


def _message(rule: str, problems: Sequence[Problem]) -> str:
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    said = f"rule {rule} does not fit its app any more: {problems[0]}{more}"
    remedy = "; correct it (`relay rules check` shows all), then let the processes read it again"
    return clip(said, ERROR_LENGTH) + remedy
