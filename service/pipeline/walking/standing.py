"""What of an account's records is known, and what it would cost to know the rest: for `relay doctor`."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from service.walks.due import ROWS_PER_CALL, walk_cost
from service.walks.standing import Standing, read_standings


async def tell_first_sights(
    connection: AsyncConnection,
    account: str,
    references: Sequence[str],
    *,
    rows_per_call: int = ROWS_PER_CALL,
) -> str:
    """Say whether all records of the apps that rules name were read once, and what a backfill would cost."""
    names = set(references)
    standings = await read_standings(connection, account)
    apps = [each for each in standings if not names.isdisjoint({each.app_id, each.name})]
    unread = [each for each in apps if each.ended is None]
    if not apps:
        return "no app is watched yet"
    if not unread:
        return f"all records of {_apps(len(apps))} were read"
    return "; ".join(_recommend(account, each, rows_per_call) for each in unread)


def _recommend(account: str, app: Standing, rows_per_call: int) -> str:
    """A record that was never seen has no diff the first time."""
    name = app.name if app.name.replace("-", "").isalnum() else f"'{app.name}'"
    told = f"not all records of {app.name} were read: the first change of one comes without a diff"
    remedy = f"`relay backfill {account} {name}` reads them"
    if app.api_count is None:
        return f"{told}; {remedy} with a call per {rows_per_call} records"
    known = "" if app.known_count is None else f" ({app.known_count} of {app.api_count} are known)"
    return f"{told}{known}; {remedy} with about {walk_cost(app.api_count, rows_per_call)} calls"


def _apps(number: int) -> str:
    return "the app" if number == 1 else f"all {number} apps"
