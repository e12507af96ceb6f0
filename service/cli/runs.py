"""`relay runs …`: what handlers did, and a person's acts on it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.cli.acting import Wanted, YesOption, act_on_all
from service.cli.attaching import attached_settings
from service.cli.database_session import reading, with_engine
from service.cli.edge import report
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, RecordFilter, app_filter
from service.cli.moments import parse_past
from service.cli.output import Columns, print_listing, print_one, when
from service.errors import RelayError
from service.lifecycle import RUN_MOVES, RunStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.handlers.listing import RunView

app = typer.Typer(
    name="runs", help="See what handlers did; retry or discard what is dead.", no_args_is_help=True
)

_EMPTY = "No such run. `relay changes list` shows the changes; `relay rules check` checks the rules."
_COLUMNS: Columns = {
    "ID": lambda each: each.id,
    "CREATED": lambda each: when(each.created_at),
    "RULE": lambda each: each.rule,
    "HANDLER": lambda each: each.handler,
    "RECORD": lambda each: each.record_id,
    "STATUS": lambda each: each.status,
    "TRIES": lambda each: each.attempts,
    "NEXT": lambda each: each.held or (when(each.next_at) if each.status == RunStatus.READY else ""),
    "ERROR": lambda each: each.error,
}

RunIds = Annotated[
    list[UUID] | None,
    typer.Argument(metavar="[ID]...", help="Ids of runs, instead of saying which by options."),
]
HandlerFilter = Annotated[str | None, typer.Option("--handler", help="Only of this handler.")]
RuleFilter = Annotated[str | None, typer.Option("--rule", help="Only of this rule.")]
ErrorFilter = Annotated[
    str | None, typer.Option("--error-contains", help="Only those whose last error contains this text.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Only those made since then: how long ago, or a moment (UTC).")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Only those made before then, said in the same ways.")
]


@app.command("list", epilog="Example: relay runs list --status dead --handler ops")
def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    rule: RuleFilter = None,
    handler: HandlerFilter = None,
    change: Annotated[UUID | None, typer.Option(help="Only of the change with this id.")] = None,
    status: Annotated[RunStatus | None, typer.Option(help="Only with this status.")] = None,
    error_contains: ErrorFilter = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    json: Json = False,
) -> None:
    """List runs, the newest first."""
    from service.handlers.filtering import RunFilter
    from service.handlers.listing import list_runs

    began = None if since is None else parse_past(since)
    ended = None if until is None else parse_past(until)

    async def read(connection: "AsyncConnection") -> "list[RunView]":
        wanted = RunFilter(
            account=account,
            app_ids=await app_filter(connection, app_reference),
            record_id=record,
            rule=rule,
            handler=handler,
            change_id=change,
            status=status,
            error_contains=error_contains,
            since=began,
            until=ended,
        )
        return await list_runs(connection, wanted, limit=limit)

    found = reading(attached_settings(), read)
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command("show", epilog="Example: relay runs show 01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21 --json")
def show(
    run_id: Annotated[UUID, typer.Argument(metavar="ID", help="A run's id.")], *, json: Json = False
) -> None:
    """Show one run with all its tries."""
    from service.handlers.listing import show_run

    print_one(reading(attached_settings(), lambda connection: show_run(connection, run_id)), json_wanted=json)


@app.command(
    "retry",
    epilog="Example: relay runs retry --handler ops --error-contains 503\n\nExits 1 if one was refused.",
)
def retry(
    run_ids: RunIds = None,
    *,
    handler: HandlerFilter = None,
    rule: RuleFilter = None,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    error_contains: ErrorFilter = None,
    since: SinceOption = None,
    until: UntilOption = None,
    out_of_order: Annotated[
        bool, typer.Option("--out-of-order", help="Also after later runs of the same record.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Let dead runs be tried again, as their handler's retry list says: these, or all that are meant."""
    from service.pipeline.running.bulk import retry_all
    from service.pipeline.running.runs import retry as retry_run

    def retry_one(run_id: UUID) -> str:
        work = partial(retry_run, run_id=run_id, out_of_order=out_of_order)
        status = with_engine(settings, work)
        return f"{run_id} is {status}" + (
            ": an earlier one goes first" if status is RunStatus.WAITING else ""
        )

    wanted = Wanted(handler, rule, account, app_reference, record, error_contains, since, until)
    by_options = wanted.check_instead_of(run_ids)
    settings = attached_settings()
    if by_options:
        act_on_all(settings, wanted, "retried", partial(retry_all, out_of_order=out_of_order), yes=yes)
    else:
        _each(run_ids or [], retry_one)


@app.command(
    "discard",
    epilog="Example: relay runs discard 01980c2e-7f3a-7c11-9d55-2b6f0a4c8e21\n\nExits 1 if one was refused.",
)
def discard(
    run_ids: RunIds = None,
    *,
    handler: HandlerFilter = None,
    rule: RuleFilter = None,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    error_contains: ErrorFilter = None,
    since: SinceOption = None,
    until: UntilOption = None,
    status: Annotated[
        RunStatus, typer.Option(help="By options: the runs with this status; not those that are finished.")
    ] = RunStatus.DEAD,
    yes: YesOption = False,
) -> None:
    """Give runs up for good, these or all that are meant; the next ones of their records go ahead."""
    from service.pipeline.running.bulk import discard_all
    from service.pipeline.running.runs import discard as discard_run

    def discard_one(run_id: UUID) -> str:
        with_engine(settings, partial(discard_run, run_id=run_id))
        return f"{run_id} is discarded"

    if RunStatus.DISCARDED not in RUN_MOVES[status]:
        raise typer.BadParameter(f"a run that is {status} can't be given up", param_hint="--status")
    wanted = Wanted(handler, rule, account, app_reference, record, error_contains, since, until, status)
    by_options = wanted.check_instead_of(run_ids)
    settings = attached_settings()
    if by_options:
        act_on_all(settings, wanted, RunStatus.DISCARDED, discard_all, yes=yes)
    else:
        _each(run_ids or [], discard_one)


def _each(run_ids: list[UUID], act: Callable[[UUID], str]) -> None:
    """Act on every run, whatever becomes of the others. Exits 1 if one was refused."""
    refused = False
    for run_id in run_ids:
        try:
            typer.echo(act(run_id))
        except RelayError as error:
            report(error)
            refused = True
    if refused:
        raise typer.Exit(1)
