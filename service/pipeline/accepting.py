"""A person says that what an alarm tells is meant to be."""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from service.alarms.listing import does_last
from service.alarms.repository import AlarmName
from service.errors import NotFoundError, RefusedError
from service.records.acceptance import accept_deletions

ACCEPTED_FOR = timedelta(hours=1)
"""How long missing records are taken for deleted after a person said that they are."""

_REMEDIES: Mapping[AlarmName, str] = {
    AlarmName.ACCOUNT_HALTED: "it ends by itself: put a valid token into the environment and restart workers",
    AlarmName.APP_HALTED: (
        "it ends by itself: give the token's user access to the app, or take the app out of the rules"
    ),
    AlarmName.HANDLER_FAILING: (
        "it ends by itself when a run succeeds: mend what the handler needs; `relay resume HANDLER` lets"
        " its runs begin at once"
    ),
    AlarmName.LOOP_HELD: "see why the handler ran so often, then let its runs go on: `relay resume HANDLER`",
    AlarmName.FIELD_GONE: "it ends by itself: correct the rules that name the field, or bring it back",
    AlarmName.RULE_BROKEN: "it ends by itself: correct the rule; `relay rules check` says what is wrong",
}


async def accept(engine: AsyncEngine, name: AlarmName, subject: str) -> None:
    """Accept what an alarm tells of its subject. Raises NotFoundError if no such alarm lasts.

    Only `deletions_held` can be accepted; RefusedError says what to do about others.
    """
    async with engine.begin() as connection:
        if not await does_last(connection, name, subject):
            raise NotFoundError(
                f"no alarm {name} of {subject} lasts; `relay alarms list` shows those that do"
            )
        if name in _REMEDIES:
            raise RefusedError(f"{name} can't be accepted; {_REMEDIES[name]}")
        account, _, app_id = subject.partition("/")
        await accept_deletions(connection, account, app_id, lasting=ACCEPTED_FOR)
    structlog.get_logger().info("alarm.accepted", alarm=str(name), subject=subject)
