"""Where errors become one line and an exit code: 0 done, 1 failed, 2 wrong use."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from service.errors import RelayError

_MISSING_TABLE = "42P01"


class RelayGroup(TyperGroup):
    """The `relay` command: without `--debug`, no error shows a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if ctx.params.get("debug") or is_of_typer(error):
                raise
            report(error)
            raise typer.Exit(1) from None


def is_of_typer(error: Exception) -> bool:
    """Tell whether typer itself knows what to do: wrong use, the end of the command, a closed pipe."""
    return type(error).__module__.startswith("typer.") or isinstance(error, BrokenPipeError)


def report(error: Exception) -> None:
    """Say on stderr what is wrong, where, and what to do."""
    for line in explain(error).splitlines():
        typer.echo(f"relay: {line}", err=True)


def explain(error: Exception) -> str:
    """One line for any error; one for each problem of a configuration."""
    if isinstance(error, RelayError):
        return str(error)
    if (told := _explain_database(error)) is not None:
        return told
    message = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {message} (--debug shows where)"


def _explain_database(error: Exception) -> str | None:
    """Explain a database error. The libraries are only looked at if the command has loaded them."""
    alchemy, psycopg = sys.modules.get("sqlalchemy.exc"), sys.modules.get("psycopg")
    if alchemy is not None and isinstance(error, alchemy.DBAPIError):
        error = error.orig if isinstance(error.orig, Exception) else error
    elif alchemy is not None and isinstance(error, alchemy.TimeoutError):
        return "the database gives no connection (all in use); try again"
    if psycopg is None or not isinstance(error, psycopg.Error):
        return None
    message = str(error).strip().partition("\n")[0]
    if error.sqlstate == _MISSING_TABLE:
        return f"the database has not the tables of this version: {message} (run `relay migrate`)"
    if isinstance(error, psycopg.OperationalError):
        return f"the database does not answer: {message} (check DATABASE_URL, and that it is running)"
    return f"the database refused: {message} (--debug shows where)"
