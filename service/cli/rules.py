"""`relay rules …`: the configuration file."""

import typer

from service.cli.filters import Json
from service.errors import ConfigurationError

app = typer.Typer(name="rules", help="Check relay.yaml.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Check relay.yaml."""


@app.command("check", epilog="Example: relay rules check\n\nExits 1 if there is a mistake.")
def check(*, json: Json = False) -> None:
    """Report every mistake in relay.yaml: file:line:column, what is wrong, what to do.

    With a database, also where a rule does not fit the app that it names, as the provider described it last.
    """
    from service.cli.checking import check_configuration, print_refusal, print_report

    try:
        report = check_configuration()
    except ConfigurationError as error:
        if not json:
            raise
        print_refusal(error)
    else:
        print_report(report, json_wanted=json)
