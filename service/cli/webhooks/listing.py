"""`relay webhooks list`."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import attached_settings
from service.cli.database_session import reading
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, app_filter
from service.cli.output import Columns, print_listing, when
from service.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.registrations.listing import RegistrationView


def _status(each: "RegistrationView") -> str:
    if each.retire_at is not None and each.status == RegistrationStatus.RETIRING:
        return f"{each.status} until {when(each.retire_at)}"
    return f"{each.status}, silent" if each.silent_since is not None else each.status


_EMPTY = "No such webhook. `relay webhooks apply` makes those that the rules need."
_COLUMNS: Columns = {
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_name or each.app_id,
    "KIND": lambda each: each.kind or "any",
    "STATUS": _status,
    "HEARD": lambda each: when(each.heard_at),
    "MADE BY": lambda each: "hand" if each.manual else "apply",
    "WEBHOOK": lambda each: each.webhook_id,
    "URL": lambda each: each.url,
    "SINCE": lambda each: when(each.created_at),
    "ID": lambda each: each.id,
}


def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    status: Annotated[RegistrationStatus | None, typer.Option(help="Only with this status.")] = None,
    limit: LimitOption = 1000,
    json: Json = False,
) -> None:
    """List the webhooks that are ours, as this database knows them."""
    from service.registrations.listing import list_registrations

    async def read(connection: "AsyncConnection") -> "list[RegistrationView]":
        return await list_registrations(
            connection,
            account=account,
            app_ids=await app_filter(connection, app_reference),
            status=status,
            limit=limit,
        )

    found = reading(attached_settings(), read)
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)
