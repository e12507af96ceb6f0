"""`relay changes replay`: run handlers once more for past changes."""

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.cli.acting import YesOption, confirm
from service.cli.attaching import attached_settings
from service.cli.configuration import read_configuration
from service.cli.database_session import with_engine
from service.cli.filters import AccountFilter, AppFilter, RecordFilter, app_filter
from service.cli.moments import parse_past
from service.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.handlers.replaying import ReplayFilter
    from service.pipeline.rulebook import Rulebook
    from service.pipeline.running.replay import Plan
    from service.rules.configuration import Configuration


class Rules(StrEnum):
    """Whose rules say what is run."""

    THEN = "then"
    NOW = "now"


def replay(
    change_ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="Ids of changes.")
    ] = None,
    *,
    rule: Annotated[str | None, typer.Option(help="Only what this rule runs.")] = None,
    handler: Annotated[str | None, typer.Option(help="Only runs of this handler.")] = None,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    record: RecordFilter = None,
    since: Annotated[
        str | None, typer.Option(help="Only changes stored since then: how long ago, or a moment (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Only changes stored before then, said in the same ways.")
    ] = None,
    rules: Annotated[
        Rules, typer.Option(help="Run what was run then, or what the rules of now say.")
    ] = Rules.THEN,
    current: Annotated[
        bool, typer.Option("--current", help="Let handlers see the records as they are, not as they were.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Run handlers once more for past changes. The new runs stand behind the newest of their records."""
    if not any((change_ids, rule, handler, account, app_reference, record, since, until)):
        raise typer.BadParameter("name changes, or say which by options, like --handler ops or --since 7d")
    settings = attached_settings()
    configuration = read_configuration(settings)

    async def wanted(engine: "AsyncEngine") -> "ReplayFilter":
        from service.handlers.replaying import ReplayFilter

        async with engine.connect() as connection:
            app_ids = await app_filter(connection, app_reference)
        return ReplayFilter(
            change_ids=change_ids or None,
            account=account,
            app_ids=app_ids,
            record_id=record,
            rule=rule,
            handler=handler,
            since=None if since is None else parse_past(since),
            until=None if until is None else parse_past(until),
        )

    rulebook, plan = with_engine(
        settings, lambda engine: _plan(engine, wanted(engine), configuration, by_rules_of=rules)
    )
    for name, number in sorted(plan.left_out.items()):
        typer.echo(f"{number} of {name} are left out: it is not in the configuration any more", err=True)
    if not plan.runs:
        typer.echo("nothing was run for any such change; `relay changes list` shows those that are there")
        return
    told = ", ".join(f"{number} of {name}" for name, number in plan.by_handler.items())
    confirm(f"{plan.changes} changes would be replayed: {told}", yes=yes)
    work = partial(_carry_out, plan=plan, rulebook=rulebook, configuration=configuration, current=current)
    typer.echo(f"{with_engine(settings, work)} runs made")


async def _plan(
    engine: "AsyncEngine",
    wanted: "Awaitable[ReplayFilter]",
    configuration: "Configuration",
    *,
    by_rules_of: Rules,
) -> "tuple[Rulebook, Plan]":
    from service.pipeline.rulebook import Rulebook
    from service.pipeline.running.replay import plan_as_now, plan_as_then
    from service.rules.keeping import KeptRules

    rulebook = Rulebook.of_configuration(configuration)
    if by_rules_of is Rules.THEN:
        return rulebook, await plan_as_then(engine, await wanted, rulebook)
    return rulebook, await plan_as_now(engine, await wanted, KeptRules.of(configuration), rulebook)


async def _carry_out(
    engine: "AsyncEngine",
    *,
    plan: "Plan",
    rulebook: "Rulebook",
    configuration: "Configuration",
    current: bool,
) -> int:
    from service.pipeline.kept_rules import keep_rules
    from service.pipeline.running.replay import carry_out

    await keep_rules(engine, configuration)
    with progress_bar("replaying") as on_progress:
        return await carry_out(engine, plan, rulebook, current=current, on_progress=on_progress)
