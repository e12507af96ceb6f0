"""`relay changes …`: what we found out."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.changes.types import Kind, Origin
from service.cli.attaching import attached_settings
from service.cli.database_session import reading
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, RecordFilter, app_filter
from service.cli.output import Columns, print_json, print_listing, print_one, when
from service.cli.replaying import replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.records.listing import ChangeView

app = typer.Typer(name="changes", help="See what really changed.", no_args_is_help=True)

_EMPTY = "No such change. `relay deliveries list` shows what came in, and what became of it."
_NEVER_JUDGED = (
    "No such change. A rule judges only changes of its own app; `relay rules check` checks the rules."
)
_COLUMNS: Columns = {
    "ID": lambda each: each.id,
    "STORED": lambda each: when(each.created_at),
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_id,
    "RECORD": lambda each: each.record_id,
    "VERSION": lambda each: each.version,
    "KIND": lambda each: "create (restored)" if each.restored else each.kind,
    "ORIGIN": lambda each: each.origin,
    "FIELDS": lambda each: ", ".join(each.diff or ()),
}


@app.command("list", epilog="Example: relay changes list --app Tasks --kind update")
def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    origin: Annotated[
        Origin | None,
        typer.Option(help="Only of this origin: `reconcile` are those that no webhook told of."),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only those that this rule matched.")] = None,
    missed: Annotated[
        bool, typer.Option("--missed", help="Only those of --rule's app that it did not match, and why.")
    ] = False,
    limit: LimitOption = 50,
    json: Json = False,
) -> None:
    """List changes, the newest first."""
    from service.records.listing import ChangeFilter, list_changes, list_judged_changes

    if missed and rule is None:
        raise typer.BadParameter("name the rule with --rule", param_hint="--missed")

    async def read(connection: "AsyncConnection") -> "Sequence[ChangeView]":
        app_ids = await app_filter(connection, app_reference)
        chosen = ChangeFilter(account=account, app_ids=app_ids, record_id=record, kind=kind, origin=origin)
        if rule is None:
            return await list_changes(connection, chosen, limit=limit)
        return await list_judged_changes(connection, chosen, rule=rule, missed=missed, limit=limit)

    found = reading(attached_settings(), read)
    columns = {**_COLUMNS, "DECIDED BY": lambda each: each.decided_by} if missed else _COLUMNS
    print_listing(found, columns, json_wanted=json, empty=_EMPTY if rule is None else _NEVER_JUDGED)


@app.command("show", epilog="Example: relay changes show 01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21")
def show(
    change_id: Annotated[UUID, typer.Argument(metavar="ID", help="A change's id.")], *, json: Json = False
) -> None:
    """Show one change: its diff, and the record after it."""
    from service.records.listing import show_change

    found = reading(attached_settings(), lambda connection: show_change(connection, change_id))
    print_one(found, json_wanted=json)


@app.command("explain", epilog="Example: relay changes explain 01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21")
def explain(
    change_id: Annotated[UUID, typer.Argument(metavar="ID", help="A change's id.")], *, json: Json = False
) -> None:
    """Say why a change was found, what every rule said of it, clause by clause, and what was run."""
    from service.cli.explaining import explanation_lines
    from service.pipeline.explaining.explain import explain_change

    found = reading(attached_settings(), lambda connection: explain_change(connection, change_id))
    if json:
        print_json(found)
        return
    for line in explanation_lines(found):
        typer.echo(line)


app.command(
    "replay", epilog="Example: relay changes replay --handler ops --since 2d\n\nWithout --yes it counts them."
)(replay)
