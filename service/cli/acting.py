"""Acts on many runs: which are meant, how many that are, and whether that is wanted."""

import sys
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Annotated, Protocol
from uuid import UUID

import typer

from service.cli.database_session import with_engine
from service.cli.filters import app_filter
from service.cli.moments import parse_past
from service.cli.progress import progress_bar
from service.config import Settings
from service.lifecycle import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.handlers.filtering import RunFilter
    from service.pipeline.running.bulk import Bulk

YesOption = Annotated[bool, typer.Option("--yes", help="Do it; without, they are counted.")]


class ActOnAll(Protocol):
    """Acts on the runs that are meant."""

    def __call__(
        self, engine: "AsyncEngine", wanted: "RunFilter", *, on_progress: "Callable[[int, int], None]"
    ) -> "Awaitable[Bulk]": ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are meant, as the options say."""

    handler: str | None
    rule: str | None
    account: str | None
    app_reference: str | None
    record: str | None
    error_contains: str | None
    since: str | None
    until: str | None
    status: RunStatus = RunStatus.DEAD

    def check_instead_of(self, ids: Sequence[UUID] | None) -> bool:
        """Tell whether options say which; ids do otherwise. Refuses both at once, and neither."""
        given = any(option is not None for option in astuple(self)[:-1])
        if given and ids:
            raise typer.BadParameter("name them, or say which by options: not both")
        if not given and not ids:
            raise typer.BadParameter("name some, or say which by options, like --handler ops or --since 7d")
        return given

    async def filter(self, engine: "AsyncEngine") -> "RunFilter":
        """Look up what has to be. Raises NotFoundError for an unknown app."""
        from service.handlers.filtering import RunFilter

        async with engine.connect() as connection:
            app_ids = await app_filter(connection, self.app_reference)
        return RunFilter(
            account=self.account,
            app_ids=app_ids,
            record_id=self.record,
            rule=self.rule,
            handler=self.handler,
            status=self.status,
            error_contains=self.error_contains,
            since=None if self.since is None else parse_past(self.since),
            until=None if self.until is None else parse_past(self.until),
        )


def act_on_all(settings: Settings, wanted: Wanted, deed: str, act: ActOnAll, *, yes: bool) -> None:
    """Count the runs that are meant, ask, and act. Exits 1 if one was refused, or it was not wanted."""
    from service.pipeline.running.bulk import count

    async def count_them(engine: "AsyncEngine") -> Mapping[str, int]:
        return await count(engine, await wanted.filter(engine))

    async def act_on_them(engine: "AsyncEngine") -> "Bulk":
        meant = await wanted.filter(engine)
        with progress_bar(deed) as on_progress:
            return await act(engine, meant, on_progress=on_progress)

    counted = with_engine(settings, count_them)
    if not counted:
        typer.echo(f"no {wanted.status} run is meant by that; `relay runs list` shows those that are there")
        return
    confirm(f"{_spell(counted, wanted.status)} would be {deed}", yes=yes)
    bulk = with_engine(settings, act_on_them)
    typer.echo(f"{bulk.done} {deed}")
    if bulk.refused:
        for reason in bulk.reasons:
            typer.echo(f"relay: {reason}", err=True)
        more = bulk.refused - len(bulk.reasons)
        typer.echo(
            f"relay: {bulk.refused} were refused" + (f", {more} more like these" if more else ""), err=True
        )
        raise typer.Exit(1)


def confirm(would_be: str, *, yes: bool) -> None:
    """Go on with `--yes`, or if a person at a terminal says so; otherwise say what would be, and exit 1."""
    if yes:
        return
    if sys.stdin.isatty():
        if typer.confirm(f"{would_be}. Do it?"):
            return
    else:
        typer.echo(f"{would_be}; --yes does it")
    raise typer.Exit(1)


def _spell(counted: Mapping[str, int], status: RunStatus) -> str:
    total = sum(counted.values())
    whose = ", ".join(
        f"{number} of {handler}" if len(counted) > 1 else f"of {handler}"
        for handler, number in counted.items()
    )
    return (
        f"{total} {status} {'run' if total == 1 else 'runs'} {whose if len(counted) == 1 else f'({whose})'}"
    )
