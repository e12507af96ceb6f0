"""Keeps the alarms about an account's webhooks as they should be."""

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.repository import AlarmName, clear_alarm, lasting_alarms, raise_alarm

WATCHED = (AlarmName.WEBHOOKS_DRIFTED, AlarmName.WEBHOOK_SILENT, AlarmName.WEBHOOK_QUIET)
MOST_ALARMS = 10_000


async def keep_alarms(
    connection: AsyncConnection, name: AlarmName, account: str, messages: Mapping[str, str]
) -> None:
    """Let exactly these alarms of this name last for the account: messages by subject."""
    for subject, message in sorted(messages.items()):
        await raise_alarm(connection, name, subject, message)
    for alarm in await lasting_alarms(connection, limit=MOST_ALARMS):
        if alarm.name == name and account_of(alarm.subject) == account and alarm.subject not in messages:
            await clear_alarm(connection, name, alarm.subject)


async def clear_left(connection: AsyncConnection, accounts: Collection[str]) -> None:
    """Clear the alarms about webhooks of accounts that are not among these: nobody looks at them any more."""
    for alarm in await lasting_alarms(connection, limit=MOST_ALARMS):
        if alarm.name in WATCHED and account_of(alarm.subject) not in accounts:
            await clear_alarm(connection, AlarmName(alarm.name), alarm.subject)


def account_of(subject: str) -> str:
    """The account that an alarm about webhooks is about."""
    return subject.partition("/")[0]
