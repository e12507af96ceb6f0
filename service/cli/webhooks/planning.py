"""`relay webhooks plan`: what would be done, and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.filters import AccountFilter, Json
from service.cli.output import print_json
from service.cli.webhooks.accounts import open_desk
from service.clock import format_duration

if TYPE_CHECKING:
    from service.pipeline.registering.applying import Registrar
    from service.pipeline.registering.planning import Planned, Polled
    from service.registrations.describing import StepView

DRIFTED = 3
"""The exit code for webhooks that are not as they should be (CONTRACT §2)."""

PruneOption = Annotated[
    bool, typer.Option("--prune", help="Delete also what no rule wants any more, not only report it.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", help="Show also what is as it should be, and webhooks of others.")
]

_SIGNS = {
    "create": "+",
    "finish": "+",
    "recreate": "+",
    "adopt": "~",
    "patch": "~",
    "rotate": "±",
    "expire": "-",
    "prune": "-",
    "remove": "-",
    "retire": "!",
}
_WORDS = {"+": "create", "~": "change", "±": "rotate", "-": "delete"}


def plan(
    *,
    account: AccountFilter = None,
    prune: PruneOption = False,
    verbose: VerboseOption = False,
    json: Json = False,
) -> None:
    """Show what `relay webhooks apply` would do at the providers, and why. Changes nothing.

    Webhooks are ours if their id, or the key at the end of their URL, is in our database; all others are left
    alone. Asks each provider with two calls, which may use the reserve; Onspring, which has no API for
    webhooks, for the apps and their fields.
    """
    from service.cli.configuration import chosen_accounts

    desk = open_desk()
    found: list[StepView] = []
    drifted: list[str] = []

    async def look(registrar: "Registrar", name: str) -> None:
        planned = await registrar.plan(name, prune=prune)
        found.extend(views_of(planned, name))
        if planned.due:
            drifted.append(name)
        if not json:
            print_plan(planned, name, verbose=verbose)

    failed = desk.for_each(chosen_accounts(desk.configuration, account), look)
    if json:
        print_json(found)
    elif drifted:
        typer.echo("`relay webhooks apply` does this.")
    if failed or drifted:
        raise typer.Exit(1 if failed else DRIFTED)


def views_of(planned: "Planned", account: str) -> "list[StepView]":
    """Describe all steps of a plan, and behind them the webhooks of others."""
    from service.registrations.describing import view_step

    return [view_step(each, account, planned.names) for each in (*planned.steps, *planned.foreign)]


def print_plan(planned: "Planned", account: str, *, verbose: bool) -> None:
    """Print a plan for people: a line for each step, what differs below it, and the numbers.

    Somebody else's webhook that leads to us is worth a line, too.
    """
    from service.registrations.steps import Foreign

    if planned.polled is not None:
        _print_polled(planned, planned.polled, account)
        return
    views = views_of(planned, account)
    odd = [isinstance(each, Foreign) and each.here for each in (*planned.steps, *planned.foreign)]
    shown = [
        view
        for view, is_odd in zip(views, odd, strict=True)
        if verbose or is_odd or view.step in _SIGNS or view.step == "overlap"
    ]
    typer.echo(f"Account {account}:")
    for each, name in zip(shown, _padded(shown), strict=True):
        typer.echo(f"  {_SIGNS.get(each.step, ' ')} {name}  {each.step}: {each.why}")
        for difference in each.differences:
            typer.echo(f"      {difference.what}: {difference.before} → {difference.after}")
    typer.echo(f"  {_counted(views)}")


def _print_polled(planned: "Planned", polled: "Polled", account: str) -> None:
    """Say how each app is watched where there is nothing to register."""
    typer.echo(f"Account {account}:")
    typer.echo("  Onspring has no API for webhooks: there is nothing to register. `relay webhooks add`")
    typer.echo("  makes the URL for a REST outcome that a person sets up there.")
    width = max((len(app.name) for app in planned.apps.values()), default=0)
    for app in sorted(set(planned.apps.values()), key=lambda each: (each.name, each.id)):
        how = f"polled every {format_duration(polled.every)}"
        how += ", and told of by a REST outcome" if app.id in polled.told_of else ""
        typer.echo(f"    {app.name:<{width}}  {how}")
    if not planned.apps:
        typer.echo("  No rule names an app.")


def name_of(view: "StepView") -> str:
    """What a step is about, for people: the app's name and the kind."""
    return f"{view.app_name or view.app_id}  {view.kind}"


def _padded(views: "list[StepView]") -> list[str]:
    apps = [view.app_name or view.app_id for view in views]
    widths = max(map(len, apps), default=0), max((len(view.kind) for view in views), default=0)
    return [f"{app:<{widths[0]}}  {view.kind:<{widths[1]}}" for app, view in zip(apps, views, strict=True)]


def _counted(views: "list[StepView]") -> str:
    signs: list[Any] = [_SIGNS.get(view.step) for view in views]
    told = [f"{signs.count(sign)} to {word}" for sign, word in _WORDS.items() if sign in signs]
    if "!" in signs:
        told.append(f"{signs.count('!')} that no rule wants")
    steps = [view.step for view in views]
    if "keep" in steps:
        told.append(f"{steps.count('keep')} as they should be")
    if "foreign" in steps:
        told.append(f"{steps.count('foreign')} of others, left alone")
    return (", ".join(told) or "no rule names an app: there is nothing to register") + "."
