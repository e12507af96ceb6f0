"""`relay simulate …`: providers to try things on."""

import secrets
from typing import Annotated

import typer

app = typer.Typer(name="simulate", help="Stand in for a provider.", no_args_is_help=True)


@app.callback()
def simulate() -> None:
    """Stand in for a provider."""


@app.command("fusioo", epilog="Example: relay simulate fusioo --port 8010 --rate 2")
def fusioo(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes any free one.")] = 8010,
    seed: Annotated[int, typer.Option(help="The same seed makes the same records and edits.")] = 0,
    token: Annotated[
        str | None, typer.Option(help="The administrator's token (default: a new one, printed).")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Edits a second; 0 for none.")] = 0.0,
    calls_per_hour: Annotated[int, typer.Option(min=1, help="More are answered 429.")] = 500,
) -> None:
    """Serve Fusioo's API on the loopback address, with two example apps, until Ctrl-C."""
    from service.dev.simulators.fusioo.server import run_simulator

    if token is None:
        token = secrets.token_urlsafe(16)
        typer.echo(f"FUSIOO_TOKEN={token}")
    run_simulator(port, seed, token, rate, calls_per_hour)
