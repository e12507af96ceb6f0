"""`relay rules …`: the configuration file."""

import typer

app = typer.Typer(name="rules", help="Check relay.yaml.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Check relay.yaml."""


@app.command("check", epilog="Example: relay rules check\n\nExits 1 if there is a mistake.")
def check() -> None:
    """Report every mistake in relay.yaml: file:line:column, what is wrong, what to do."""
    from service.cli.attaching import attached_variables
    from service.config import read_settings
    from service.handlers.kinds import HandlerDeps
    from service.handlers.registry import build_handlers
    from service.rules.files import modules_directory
    from service.rules.loader import load

    path = read_settings().config
    configuration = load(path, attached_variables())
    build_handlers(configuration, HandlerDeps(directory=modules_directory(path)))
    typer.echo(
        f"{path} is right: {len(configuration.accounts)} accounts, {len(configuration.handlers)} handlers,"
        f" {len(configuration.rules)} rules."
    )
