"""`relay changes …`: what we found out."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.changes.types import Kind
from service.cli.attaching import attached_settings
from service.cli.database_session import reading
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, RecordFilter, app_filter
from service.cli.output import Columns, print_listing, print_one, when

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.records.listing import ChangeView

app = typer.Typer(name="changes", help="See what really changed.", no_args_is_help=True)

_EMPTY = "No such change. `relay deliveries list` shows what came in, and what became of it."
_COLUMNS: Columns = {
    "ID": lambda each: each.id,
    "STORED": lambda each: when(each.created_at),
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_id,
    "RECORD": lambda each: each.record_id,
    "VERSION": lambda each: each.version,
    "KIND": lambda each: "create (restored)" if each.restored else each.kind,
    "FIELDS": lambda each: ", ".join(each.diff or ()),
}


@app.command("list", epilog="Example: relay changes list --app Tasks --kind update")
def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    limit: LimitOption = 50,
    json: Json = False,
) -> None:
    """List changes, the newest first."""
    from service.records.listing import list_changes

    async def read(connection: "AsyncConnection") -> "list[ChangeView]":
        return await list_changes(
            connection,
            account=account,
            app_ids=await app_filter(connection, app_reference),
            record_id=record,
            kind=kind,
            limit=limit,
        )

    found = reading(attached_settings(), read)
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command("show", epilog="Example: relay changes show 01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21")
def show(
    change_id: Annotated[UUID, typer.Argument(metavar="ID", help="A change's id.")], *, json: Json = False
) -> None:
    """Show one change: its diff, and the record after it."""
    from service.records.listing import show_change

    found = reading(attached_settings(), lambda connection: show_change(connection, change_id))
    print_one(found, json_wanted=json)
