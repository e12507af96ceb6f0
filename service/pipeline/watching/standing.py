"""What is known of an account's webhooks, for a person who asks how they are."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.alarms.repository import AlarmName, lasting_alarms
from service.pipeline.probes.webhooks import compared
from service.pipeline.watching.alarms import MOST_ALARMS, account_of
from service.registrations.drifts import read_webhooks

_WRONG = (AlarmName.WEBHOOKS_DRIFTED, AlarmName.WEBHOOK_SILENT)


async def tell_standing(
    connection: AsyncConnection, account: str, *, compared_there: bool = True
) -> tuple[bool, str]:
    """Say when the webhooks were compared, and what alarms last; False: one says that something is wrong.

    `compared_there`: whether the provider can be asked for them.
    """
    webhooks = await read_webhooks(connection)
    told = [compared(drift) for drift in webhooks.drifts if drift.account == account]
    alarms = [
        alarm
        for alarm in await lasting_alarms(connection, limit=MOST_ALARMS)
        if account_of(alarm.subject) == account and alarm.name in (*_WRONG, AlarmName.WEBHOOK_QUIET)
    ]
    told += [f"{alarm.name}: {alarm.message}" for alarm in alarms]
    well = not any(alarm.name in _WRONG for alarm in alarms)
    unseen = "not compared with the provider yet" if compared_there else "no alarm about them"
    return well, "; ".join(told) or unseen
