"""`relay init`: from a token to a `relay.yaml`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import data_dir
from service.cli.output import print_listing
from service.config import Settings, read_settings
from service.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from service.fusioo.models import App
    from service.rules.account import Account

_TOKEN, _BASE_URL = "FUSIOO_TOKEN", "FUSIOO_BASE_URL"


def init(
    *,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", help="Where the API is, if neither at Fusioo nor in FUSIOO_BASE_URL."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a first relay.yaml for a Fusioo account, with rules to choose from, made of its own fields.

    The token is taken from FUSIOO_TOKEN, or from a running `relay up` on the simulator, or asked for at a
    terminal. It is never written: the file names the variable. RELAY_CONFIG names another file.
    It asks the provider with one call, which no budget counts: there may be no database yet.
    """
    import asyncio

    from service.cli.apps import COLUMNS
    from service.pipeline.registering.apps import list_apps
    from service.pipeline.registering.starter import ACCOUNT

    settings = read_settings()
    path = settings.config
    if path.exists() and not force:
        raise RefusedError(f"{path} is there already; overwrite it with --force, or set RELAY_CONFIG")
    variables = _variables(settings, os.environ)
    token = variables.get(_TOKEN) or _asked_for()
    url = base_url or variables.get(_BASE_URL)
    account = _account(token, url)
    apps = asyncio.run(list_apps(ACCOUNT, account, call_timeout=settings.fetch_timeout))
    if not apps:
        raise RefusedError(
            "the token is accepted, and sees no app; give its user access to one in Fusioo, and start again"
        )
    print_listing(apps, COLUMNS, json_wanted=False, empty="")
    written_url = base_url or (f"${{{_BASE_URL}}}" if url else None)
    _write(path, apps, written_url, {_TOKEN: token, **variables}, force=force)
    typer.echo(f"\nWritten: {path}. What comes next:\n")
    if _TOKEN not in variables:
        typer.echo(f"  export {_TOKEN}=…      the file takes the token from there")
    typer.echo(f"  edit {path}       take the # away from the rules that you want")
    typer.echo("  relay rules check    shows every mistake in it")
    typer.echo("  relay up             runs it here")


def _variables(settings: Settings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Token and base URL from one source: a token must not go where another one belongs."""
    from service.dev.environment import read_running
    from service.dev.up.attachment import read_attachment

    source, root = environment, data_dir(settings)
    if not source.get(_TOKEN) and read_running(root) is not None:
        told = read_attachment(root)
        source = told if told.get(_TOKEN) else source
    return {name: source[name] for name in (_TOKEN, _BASE_URL) if source.get(name)}


def _asked_for() -> str:
    """Ask for the token without showing it. Raises ConfigurationError without a terminal."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"{_TOKEN} is not set", place="environment", remedy="set it to a token made in Fusioo"
        )
    answer: str = typer.prompt("Token (made in Fusioo, is not shown)", hide_input=True)
    return answer.strip()


def _account(token: str, base_url: str | None) -> "Account":
    """The account as the file will say it. Raises ConfigurationError for an address that is none."""
    from pydantic import SecretStr, ValidationError

    from service.rules.account import Account

    given = {"base_url": base_url} if base_url else {}
    try:
        return Account.model_validate({"provider": "fusioo", "token": SecretStr(token), **given})
    except ValidationError:
        raise ConfigurationError(
            "the base URL is not an address",
            place=f"--base-url or {_BASE_URL}",
            remedy="write it like https://api.fusioo.com/v3",
        ) from None


def _write(
    path: Path, apps: "tuple[App, ...]", base_url: str | None, variables: Mapping[str, str], *, force: bool
) -> None:
    """Write the file, after checking it. Raises RefusedError if somebody else wrote one meanwhile."""
    from service.pipeline.registering.starter import render_starter
    from service.rules.loader import parse

    text = render_starter(apps, base_url=base_url)
    parse(text, str(path), variables)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RefusedError(f"{path} is there already; overwrite it with --force") from None
    except OSError as error:
        raise ConfigurationError(
            f"can't be written: {error.strerror}", place=str(path), remedy="name another file in RELAY_CONFIG"
        ) from None
