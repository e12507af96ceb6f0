"""`relay deliveries …`: what providers sent us."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import attached_settings
from service.cli.database_session import reading
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, RecordFilter, app_filter
from service.cli.output import Columns, print_listing, print_one, when
from service.lifecycle import DeliveryOutcome, DeliveryStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.inbox.listing import DeliveryDetail, DeliveryView

app = typer.Typer(name="deliveries", help="See what providers sent us.", no_args_is_help=True)

_EMPTY = "No such delivery. Are the webhooks in place? `relay webhooks list` and `relay doctor` tell."
_COLUMNS: Columns = {
    "ID": lambda each: each.id,
    "RECEIVED": lambda each: when(each.received_at),
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_id,
    "RECORD": lambda each: each.record_id,
    "KIND": lambda each: each.kind,
    "STATUS": lambda each: each.status,
    "OUTCOME": lambda each: each.outcome,
    "REASON": lambda each: each.reason,
}


@app.command("list", epilog="Example: relay deliveries list --status dead")
def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    status: Annotated[DeliveryStatus | None, typer.Option(help="Only with this status.")] = None,
    limit: LimitOption = 50,
    json: Json = False,
) -> None:
    """List deliveries, the newest first."""
    from service.inbox.listing import list_deliveries

    async def read(connection: "AsyncConnection") -> "list[DeliveryView]":
        return await list_deliveries(
            connection,
            account=account,
            app_ids=await app_filter(connection, app_reference),
            record_id=record,
            status=status,
            limit=limit,
        )

    found = reading(attached_settings(), read)
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command("show", epilog="Example: relay deliveries show 4711")
def show(
    delivery_id: Annotated[int, typer.Argument(metavar="ID", help="A delivery's id.")], *, json: Json = False
) -> None:
    """Show one delivery with the request that brought it."""
    from service.inbox.listing import show_delivery

    found = reading(attached_settings(), lambda connection: show_delivery(connection, delivery_id))
    print_one(found, json_wanted=json)
    if not json and (hint := _hint(found)):
        typer.echo(f"\n{hint}")


def _hint(delivery: "DeliveryDetail") -> str | None:
    """Say where the story goes on."""
    if delivery.change_id is not None:
        return f"What came of it: relay changes explain {delivery.change_id}"
    if delivery.outcome == DeliveryOutcome.UNCHANGED:
        return (
            "Nothing differed from what was known of the record, so no rule was asked. What changed last:"
            f" relay changes list --record {delivery.record_id}"
        )
    return None
