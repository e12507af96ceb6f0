"""`relay rules check`: what is wrong with a configuration, by itself and with the apps that it names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from service.cli.output import print_json, when
from service.config import Settings, read_settings
from service.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.pipeline.checking.check import StoredCheck
    from service.rules.configuration import Configuration
    from service.rules.problems import Problem

_PATIENCE = 10.0
"""Seconds that the database may take: a check must end where there is none."""
_ASKED_ANEW = "`relay webhooks apply` asks for them anew"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check of a configuration found."""

    place: str
    accounts: int
    handlers: int
    rules: int
    problems: "tuple[Problem, ...]"
    notes: tuple[str, ...]
    """Against what the rules were checked, and what could not be checked."""


def check_configuration() -> CheckReport:
    """Check the configuration by itself, then its rules against the apps as they are stored.

    Raises ConfigurationError for what is wrong by itself.
    """
    from service.cli.attaching import attached_variables
    from service.handlers.kinds import HandlerDeps
    from service.handlers.registry import build_handlers
    from service.rules.files import modules_directory
    from service.rules.loader import load

    path = read_settings().config
    configuration = load(path, attached_variables())
    handlers = build_handlers(configuration, HandlerDeps(directory=modules_directory(path)))
    reads = {name: handler.fields for name, handler in handlers.items()}
    problems, notes = _check_with_apps(configuration, reads)
    return CheckReport(
        str(path),
        len(configuration.accounts),
        len(configuration.handlers),
        len(configuration.rules),
        problems,
        notes,
    )


def print_report(report: CheckReport, *, json_wanted: bool) -> None:
    """Print it. If something is wrong: raises InvalidConfigurationError; with JSON wanted ends with 1."""
    from service.rules.problems import InvalidConfigurationError

    if json_wanted:
        print_json({**_summary(report), "problems": _described(report.problems), "notes": report.notes})
        raise typer.Exit(1 if report.problems else 0)
    if report.problems:
        for note in report.notes:
            typer.echo(note, err=True)
        raise InvalidConfigurationError(report.problems)
    counted = f"{report.accounts} accounts, {report.handlers} handlers, {report.rules} rules"
    typer.echo(f"{report.place} is right: {counted}.")
    for note in report.notes:
        typer.echo(note)


def print_refusal(error: ConfigurationError) -> None:
    """Print as JSON what is wrong with a configuration by itself, and end with 1."""
    from service.rules.problems import InvalidConfigurationError, Problem

    alone = (Problem(error.place or "", error.message, error.remedy),)
    problems = error.problems if isinstance(error, InvalidConfigurationError) else alone
    print_json({"place": str(read_settings().config), "problems": _described(problems), "notes": []})
    raise typer.Exit(1)


def _summary(report: CheckReport) -> dict[str, object]:
    return {name: getattr(report, name) for name in ("place", "accounts", "handlers", "rules")}


def _described(problems: "Sequence[Problem]") -> list[dict[str, str | None]]:
    return [{"place": each.place, "message": each.message, "remedy": each.remedy} for each in problems]


def _check_with_apps(
    configuration: "Configuration", reads: Mapping[str, Collection[str]]
) -> "tuple[tuple[Problem, ...], tuple[str, ...]]":
    from service.cli.attaching import is_attachable
    from service.cli.edge import explain

    if not configuration.rules:
        return (), ()
    if not is_attachable():
        return (), ("Not checked against the apps: DATABASE_URL is not set, and no `relay up` is running.",)
    try:
        checked = _read(configuration, reads)
    except Exception as error:  # noqa: BLE001  whatever the database says: the file is right by itself
        return (), (f"Not checked against the apps: {explain(error)}",)
    as_of = (
        ()
        if checked.as_of is None
        else (f"The apps are known as of {when(checked.as_of)} (UTC); {_ASKED_ANEW}.",)
    )
    return checked.problems, (*as_of, *(f"{hint[:1].upper()}{hint[1:]}." for hint in checked.hints))


def _read(configuration: "Configuration", reads: Mapping[str, Collection[str]]) -> "StoredCheck":
    import asyncio

    from service.cli.database_session import with_engine
    from service.pipeline.checking.check import check_stored

    async def work(engine: "AsyncEngine") -> "StoredCheck":
        async with asyncio.timeout(_PATIENCE), engine.connect() as connection:
            return await check_stored(connection, configuration, reads=reads)

    return with_engine(_settings(), work)


def _settings() -> Settings:
    """The settings with a database; no key is needed to look at apps."""
    from service.cli.attaching import attached_settings

    settings = read_settings()
    return settings if settings.database_url else attached_settings()
