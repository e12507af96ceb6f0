"""Trying rules on one change: nothing is run, nothing is stored."""

import json
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import typer

from service.cli.attaching import attached_settings, attached_variables, is_attachable
from service.cli.database_session import reading
from service.cli.explaining import clause_lines
from service.cli.output import print_json
from service.config import Settings, read_settings
from service.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from service.pipeline.explaining.explanation import Standing
    from service.rules.clause import Clause
    from service.rules.keeping import KeptRules
    from service.rules.rejudging import KeptChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one rule says of the change."""

    rule: str
    standing: "Standing"
    reason: str
    decided_by: str | None
    would_run: Sequence[str]
    """The handlers; none if it does not match."""
    clauses: "Sequence[Clause]"


def read_rules(file: Path | None) -> "KeptRules":
    """Read the rules of a file. None: of RELAY_CONFIG, or where that is not there those of a `relay up`.

    Raises ConfigurationError.
    """
    from service.rules.keeping import KeptRules
    from service.rules.loader import load

    if file is None:
        here = read_settings().config
        file = here if here.exists() else _settings().config
    return KeptRules.of(load(file, attached_variables()))


def read_change(reference: str) -> "KeptChange":
    """Read a change: a stored one by its id, else one that a file states (`-`: standard input)."""
    from service.rulebooks.kept_changes import read_kept_change

    try:
        change_id = UUID(reference)
    except ValueError:
        return _read_stated(reference)
    return reading(attached_settings(), lambda connection: read_kept_change(connection, change_id))


def try_rules(rules: "KeptRules", change: "KeptChange") -> list[Trial]:
    """Ask each rule of the change's app."""
    from service.pipeline.explaining.explanation import Standing
    from service.rules.rejudging import Judge

    judge = Judge(rules)
    return [
        Trial(
            rule=final.rule,
            standing=Standing.of(final),
            reason=final.reason,
            decided_by=final.decided_by,
            would_run=judge.rules[final.rule].run if final.matched and not final.awaits_links else (),
            clauses=final.clauses,
        )
        for final in (rejudged.final for rejudged in judge.judge(change))
    ]


def print_trials(trials: Sequence[Trial], change: "KeptChange", *, json_wanted: bool) -> None:
    """Print what each rule says, and which handlers would be run."""
    if json_wanted:
        print_json(trials)
        return
    if not trials:
        app = change.change.app
        named = "" if app.name != app.id else "; the change does not say the app's name"
        typer.echo(f"No rule is for app {app.name} of account {change.change.account}{named}.")
    for trial in trials:
        handlers = f"; would run {', '.join(trial.would_run)}" if trial.would_run else ""
        told = f"decided by {trial.decided_by}" if trial.decided_by and trial.clauses else trial.reason
        typer.echo(f"{trial.rule} {trial.standing.value}: {told}{handlers}")
        for line in clause_lines(trial.clauses, "  "):
            typer.echo(line)


def check_expectations(
    rules: "KeptRules", trials: Iterable[Trial], *, expected: Collection[str], refused: Collection[str]
) -> list[str]:
    """Say which of the rules did not do what was expected. Raises NotFoundError for unknown ones."""
    from service.rules.problems import nearest

    known = [rule.name for rule in rules.rules]
    for name in (*expected, *refused):
        if name not in known:
            hint = nearest(name, known)
            raise NotFoundError(f"there is no rule {name}" + (f"; {hint}" if hint else ""))
    matching = {trial.rule for trial in trials if trial.standing.value == "matches"}
    return [
        f"rule {name} was expected to match, and does not" for name in expected if name not in matching
    ] + [f"rule {name} was expected not to match, and does" for name in refused if name in matching]


def _read_stated(reference: str) -> "KeptChange":
    from service.rules.stated_change import read_stated_change

    place = "standard input" if reference == "-" else reference
    try:
        text = sys.stdin.read() if reference == "-" else Path(reference).read_text("utf-8")
        content = json.loads(text)
    except OSError as error:
        raise RefusedError(
            f"{reference} is no change's id, and can't be read as a file: {error.strerror}"
        ) from None
    except ValueError as error:
        raise RefusedError(f"{place}: is not JSON: {error}") from None
    stated = read_stated_change(content, place=place, now=datetime.now(UTC))
    return _named(stated)


def _named(stated: "KeptChange") -> "KeptChange":
    """Give the app its name, if the change does not say it and there is a database that knows it."""
    from dataclasses import replace

    from service.changes.types import App
    from service.registrations.apps import view_app

    change, settings = stated.change, _settings()
    if change.app.name != change.app.id or settings.database_url is None:
        return stated
    view = reading(settings, lambda connection: view_app(connection, change.account, change.app.id))
    return replace(stated, change=replace(change, app=App(change.app.id, view.name)))


def _settings() -> Settings:
    """The settings, with the database of a running `relay up` if there is no other; or with none."""
    settings = read_settings()
    return attached_settings() if settings.database_url is None and is_attachable() else settings
