"""`relay rules …`: the configuration file."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.filters import AppFilter, Json
from service.errors import ConfigurationError

app = typer.Typer(name="rules", help="Check relay.yaml, and try its rules.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Check relay.yaml, and try its rules."""


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


@app.command(
    "test",
    epilog="Example: relay rules test --change body.json --expect urgent-tasks\n\n"
    "Exits 1 if an expectation is not met.",
)
def try_(
    change: Annotated[
        str,
        typer.Option(
            help="A stored change's id, or a JSON file: the body that an http handler gets, or what"
            " `relay changes show ID --json` prints; - reads it from standard input."
        ),
    ],
    *,
    rules: Annotated[Path | None, typer.Option(help="Rules of this file instead of RELAY_CONFIG.")] = None,
    expect: Annotated[
        list[str] | None, typer.Option(help="A rule that must match; may be given several times.")
    ] = None,
    expect_not: Annotated[
        list[str] | None, typer.Option(help="A rule that must not match; may be given several times.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what each rule would do about one change, and why. Nothing is run, nothing is stored."""
    from service.cli.rule_trials import check_expectations, print_trials, read_change, read_rules, try_rules

    kept = read_rules(rules)
    tried = read_change(change)
    trials = try_rules(kept, tried)
    failed = check_expectations(kept, trials, expected=expect or (), refused=expect_not or ())
    print_trials(trials, tried, json_wanted=json)
    for each in failed:
        typer.echo(f"relay: {each}", err=True)
    if failed:
        raise typer.Exit(1)


@app.command(
    "backtest",
    epilog="Example: relay rules backtest --since 7d --against relay.before.yaml\n\n"
    "Exits 1 with --exit-code if there is any difference.",
)
def backtest(
    *,
    since: Annotated[
        str, typer.Option(help="Changes stored since then: how long ago, or a moment (UTC).")
    ] = "7d",
    until: Annotated[
        str | None, typer.Option(help="Changes stored before then, said in the same ways.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Compare with the rules of this file, not with what was run.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only this rule; may be given several times.")
    ] = None,
    app_reference: AppFilter = None,
    json: Json = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 if there is any difference, as git diff does.")
    ] = False,
) -> None:
    """Let today's rules judge past changes, and show what differs. Nothing is run, nothing is stored."""
    from service.cli.backtesting import judge_past, print_report
    from service.cli.moments import parse_past
    from service.cli.rule_trials import read_rules

    report = judge_past(
        read_rules(None),
        against=None if against is None else read_rules(against),
        since=parse_past(since),
        until=None if until is None else parse_past(until),
        only=rule,
        app_reference=app_reference,
    )
    print_report(report, against=None if against is None else str(against), json_wanted=json)
    if exit_code and report.differs:
        raise typer.Exit(1)


@app.command("schema", epilog="Example: relay rules schema --output relay.schema.json")
def schema(
    *, output: Annotated[Path | None, typer.Option("--output", help="Write it to this file.")] = None
) -> None:
    """Print the JSON Schema of relay.yaml, for editors that check while you type.

    Name the file in the first line of relay.yaml: `# yaml-language-server: $schema=relay.schema.json`. Write
    it anew with each version of the relay.
    """
    import json as as_text

    from service.handlers.registry import KINDS
    from service.rules.editor_schema import editor_schema

    written = as_text.dumps(
        editor_schema({name: kind.options for name, kind in KINDS.items()}), indent=2, ensure_ascii=False
    )
    if output is None:
        typer.echo(written)
        return
    try:
        output.write_text(written + "\n", "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"can't be written: {error.strerror}", place=str(output), remedy="name another file"
        ) from None
    typer.echo(
        f"Written: {output}. The first line of your relay.yaml: # yaml-language-server: $schema={output}"
    )
