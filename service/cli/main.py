"""The command `relay`: one module for each noun."""

from typing import Annotated

import typer

from service.cli import (
    alarms,
    apps,
    backfill,
    capture,
    changes,
    database,
    deliveries,
    doctor,
    handlers,
    init,
    processes,
    reconcile,
    rules,
    runs,
    simulate,
    up,
)
from service.cli.edge import RelayGroup
from service.cli.webhooks import commands as webhooks
from service.config import read_settings

app = typer.Typer(
    name="relay",
    cls=RelayGroup,
    help="Receives webhooks, finds out what really changed, and runs your handlers with nothing lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def relay(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks, and log everything.")] = False,
) -> None:
    """Receives webhooks, finds out what really changed, and runs your handlers with nothing lost."""
    from service.config import LogFormat
    from service.observability.logging import configure_logging

    settings = read_settings()
    # A command's result is its output: of its log, people want to see what went wrong.
    quiet = "debug" if debug else "warning"
    long_running = context.invoked_subcommand in LONG_RUNNING and not debug
    configure_logging(
        json=settings.log_format is LogFormat.JSON, level=settings.log_level if long_running else quiet
    )


LONG_RUNNING = frozenset({"web", "worker", "scheduler", "simulate"})

app.command("up", epilog="Example: relay up")(up.up)
app.command("web", epilog="Example: relay web --processes 2")(processes.web)
app.command("worker", epilog="Example: relay worker --processes 2")(processes.worker)
app.command("scheduler", epilog="Example: relay scheduler")(processes.scheduler)
app.command("init", epilog="Example: relay init")(init.init)
app.command("apps", epilog="Example: relay apps Tasks --json")(apps.apps)
app.command("backfill", epilog="Example: relay backfill main Tasks")(backfill.backfill)
app.command("pause", epilog="Example: relay pause ops --because maintenance")(handlers.pause)
app.command("resume", epilog="Example: relay resume ops")(handlers.resume)
app.command("reconcile", epilog="Example: relay reconcile main Tasks")(reconcile.reconcile)
app.command("migrate", epilog="Example: relay migrate")(database.migrate)
app.command("doctor", epilog="Example: relay doctor --json\n\nExits 1 if a check fails.")(doctor.doctor)
for noun in (webhooks, rules, deliveries, changes, runs, alarms, capture, simulate):
    app.add_typer(noun.app)


def main() -> None:
    """Run the command of this process's arguments."""
    app()
