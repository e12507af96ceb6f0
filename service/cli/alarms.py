"""`relay alarms …`: what a person must know of, and who was told."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.attaching import attached_settings
from service.cli.database_session import reading, with_engine
from service.cli.filters import Json, LimitOption
from service.cli.output import Columns, print_listing, when

if TYPE_CHECKING:
    from service.alarms.listing import AlarmView

app = typer.Typer(
    name="alarms", help="See what a person must know of; say what is meant to be.", no_args_is_help=True
)

_EMPTY = "No such alarm. `relay alarms list --all` shows also those that are over; `relay doctor` looks now."
_COLUMNS: Columns = {
    "RAISED": lambda each: when(each.raised_at),
    "CLEARED": lambda each: when(each.cleared_at),
    "ALARM": lambda each: each.name,
    "SUBJECT": lambda each: each.subject,
    "TOLD": lambda each: ", ".join(_told(notice) for notice in each.told),
    "MESSAGE": lambda each: each.message,
}


@app.command("list", epilog="Example: relay alarms list --json")
def list_(
    *,
    over_too: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: LimitOption = 50,
    json: Json = False,
) -> None:
    """List the alarms that last, the newest first, and which handlers were told."""
    from service.alarms.listing import list_alarms

    found: list[AlarmView] = reading(
        attached_settings(), partial(list_alarms, over_too=over_too, limit=limit)
    )
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command(
    "accept",
    epilog="Example: relay alarms accept deletions_held main/ia4f42\n\nExits 1 if it can't be accepted.",
)
def accept(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The alarm's name.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="What it is about: ACCOUNT/APP.")],
) -> None:
    """Say that the missing records of an app are really deleted, for the next hour."""
    from service.alarms.repository import AlarmName
    from service.clock import format_duration
    from service.pipeline.accepting import ACCEPTED_FOR
    from service.pipeline.accepting import accept as accept_alarm

    if name not in set(AlarmName):
        near = get_close_matches(name, list(AlarmName), n=1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(AlarmName)}"
        raise typer.BadParameter(f"there is no alarm {name}; {meant}", param_hint="NAME")
    with_engine(attached_settings(), lambda engine: accept_alarm(engine, AlarmName(name), subject))
    typer.echo(f"{subject}: what is missing is taken for deleted for {format_duration(ACCEPTED_FOR)}")


def _told(notice: Mapping[str, Any]) -> str:
    return f"{notice['handler']} {notice['kind']}: {notice['status']}"
