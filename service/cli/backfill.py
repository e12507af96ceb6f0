"""`relay backfill`: all records of an app into snapshots, before anything is live."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import attached_settings
from service.cli.configuration import chosen_accounts, read_configuration
from service.cli.database_session import with_engine
from service.cli.filters import Json
from service.cli.moments import parse_past
from service.cli.output import print_json
from service.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.pipeline.walking.pages import Keeping
    from service.rules.configuration import Configuration
    from service.walks.repository import Walk


@dataclass(frozen=True, slots=True)
class BackfillView:
    """What a backfill came to."""

    account: str
    app_id: str
    run_rules: bool
    since: datetime | None
    began_at: datetime
    calls: int
    expected: int | None
    """How many records the provider counted; null where it was not asked."""
    seen: int
    taken_in: int
    """Never seen before."""
    noticed: int
    """Given to settling: they differ from what was known, or are not there."""
    absent: int
    """How many of those are not there."""
    missing: int
    """Counted by the provider and not seen."""
    unstored: int
    """Seen, and could not be kept."""


def backfill(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, as relay.yaml calls it.")],
    app: Annotated[str, typer.Argument(metavar="APP", help="The app: its id or exact name.")],
    *,
    run_rules: Annotated[
        bool, typer.Option("--run-rules", help="Run the rules for records that were never seen before.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="Only what was modified since: a day, or 30d before the newest edit."
        ),
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where one was stopped.")] = False,
    json: Json = False,
) -> None:
    """Read every record of an app, so that the next change of each is told with what differs.

    It may be stopped at any time, and goes on where it was when it is called again. Live changes go first:
    where no call is left for it, it waits. Exits 1 if it could not see, or keep, every record.
    """
    settings = attached_settings()
    configuration = read_configuration(settings)
    chosen_accounts(configuration, account)
    moment = None if since is None else parse_past(since)
    request = _Request(settings, configuration, account, app, run_rules, restart, moment)
    try:
        walk = with_engine(settings, request.carry_out)
    except KeyboardInterrupt:
        typer.echo("relay: stopped; the same command goes on where it was", err=True)
        raise typer.Exit(1) from None
    if json:
        print_json(BackfillView(**{name: getattr(walk, name) for name in BackfillView.__slots__}))
    else:
        typer.echo(_tell(walk))
    if walk.missing:
        typer.echo(
            f"relay: at least {walk.missing} records are counted by the provider, not listed", err=True
        )
    if walk.unstored:
        typer.echo(f"relay: {walk.unstored} records could not be kept: see record.poisoned above", err=True)
    if walk.missing or walk.unstored:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, and how it is done."""

    settings: Settings
    configuration: "Configuration"
    account: str
    app: str
    run_rules: bool
    restart: bool
    since: timedelta | datetime | None

    async def carry_out(self, engine: "AsyncEngine") -> "Walk":
        """Read to the end."""
        from service.budget.lanes import Lane
        from service.budget.ledger import Ledger
        from service.budget.usage import read_usage
        from service.cli.backfill_screen import Screen
        from service.pipeline.accounts.limits import limit_of
        from service.pipeline.accounts.listing import open_lists
        from service.pipeline.accounts.providers import WALKED_PER_CALL
        from service.pipeline.accounts.tokens import TokenVault
        from service.pipeline.walking.backfill import Backfill, Wanted, find_watched
        from service.sealing import SecretBox

        found = await find_watched(engine, self.account, self.app)
        configured = self.configuration.accounts[self.account]
        limit, timeout = limit_of(configured), self.settings.fetch_timeout
        key = self.settings.secret_key.get_secret_value() if self.settings.secret_key else ""
        async with engine.connect() as connection:
            used = (await read_usage(connection, self.account, limit)).used
        async with open_lists(
            self.account,
            configured,
            within=timeout,
            meter=Ledger(engine, self.account, limit, longest=timeout).meter(Lane.BACKFILL),
            vault=TokenVault(engine, SecretBox(key), insist=True),
        ) as lists:
            wanted = Wanted(
                self.account, found, run_rules=self.run_rules, since=self.since, restart=self.restart
            )
            keeping = await self._keeping(engine, filters=lists.records.filters)
            per_call = WALKED_PER_CALL[configured.provider]
            with Screen(found.name, limit, used=used, rows_per_call=per_call) as screen:
                return await Backfill(engine, lists.records, wanted, keeping, watching=screen).run()

    async def _keeping(self, engine: "AsyncEngine", *, filters: bool) -> "Keeping":
        from service.fusioo.computed import computed_in_schema
        from service.pipeline.kept_rules import keep_rules
        from service.pipeline.rulebook import Rulebook
        from service.pipeline.walking.pages import Keeping

        rulebook = None
        if self.run_rules:
            await keep_rules(engine, self.configuration)
            rulebook = Rulebook.of_configuration(self.configuration)
        return Keeping(
            self.configuration.accounts[self.account].provider,
            self.settings.reconcile_grace,
            rulebook,
            computed_in=computed_in_schema,
            filters=filters,
        )


def _tell(walk: "Walk") -> str:
    told = [f"{walk.seen} records seen with {walk.calls} calls", f"{walk.taken_in} were never seen before"]
    if walk.noticed:
        differ = walk.noticed - walk.absent
        told.append(f"{differ} differ from what was known and are being settled" if differ else "")
        told.append(f"{walk.absent} are not there any more and are being confirmed" if walk.absent else "")
    return "; ".join(each for each in told if each)
