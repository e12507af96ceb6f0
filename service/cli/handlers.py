"""`relay pause`, `relay resume`: a person's acts on handlers."""

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import attached_settings
from service.cli.configuration import read_configuration
from service.cli.database_session import with_engine
from service.config import Settings
from service.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

HandlerName = Annotated[str, typer.Argument(metavar="HANDLER", help="A name under `handlers`.")]


def pause(
    handler: HandlerName,
    *,
    because: Annotated[
        str | None, typer.Option("--because", help="Why: shown wherever its runs wait.")
    ] = None,
) -> None:
    """Let no run of a handler begin until it is resumed. Its runs wait, in order; none is lost."""
    from service.pipeline.running.handlers import pause as pause_handler

    settings = attached_settings()
    _check(settings, handler)
    is_new = with_engine(settings, partial(pause_handler, handler=handler, because=because))
    begin = "is paused" if is_new else "was paused already"
    typer.echo(f"{handler} {begin}: its runs wait until `relay resume {handler}`; those under way go on")


def resume(handler: HandlerName) -> None:
    """Let a handler's runs begin again: of a paused one, of one that fails, and those held as a loop."""
    from service.pipeline.running.handlers import resume as resume_handler

    settings = attached_settings()
    _check(settings, handler)
    resumed = with_engine(settings, partial(resume_handler, handler=handler))
    held = f", and {resumed.held} that were held as a loop" if resumed.held else ""
    typer.echo(f"{handler} goes on: its runs begin in their order{held}")


def _check(settings: Settings, handler: str) -> None:
    """Refuse a name that is neither in the configuration nor among the handlers that wait for a person."""
    known = list(read_configuration(settings).handlers)
    if handler in known or handler in with_engine(settings, _held_back):
        return
    near = get_close_matches(handler, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
    raise NotFoundError(f"there is no handler {handler} in the configuration; {remedy}")


async def _held_back(engine: "AsyncEngine") -> list[str]:
    from service.handlers.states import held_back

    async with engine.connect() as connection:
        return [standing.handler for standing in await held_back(connection)]
