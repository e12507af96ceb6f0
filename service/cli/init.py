"""`relay init`: from a token to a `relay.yaml`."""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import data_dir
from service.cli.output import print_listing
from service.config import Settings, read_settings
from service.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from service.rules.account import Account

_BASE_URLS = MappingProxyType({"fusioo": "FUSIOO_BASE_URL", "onspring": "ONSPRING_BASE_URL"})
_SAMPLE_URLS = MappingProxyType(
    {"fusioo": "https://api.fusioo.com/v3", "onspring": "https://api.onspring.com"}
)
_SECRETS = MappingProxyType(
    {"fusioo": ("Token", "a token made in Fusioo"), "onspring": ("API key", "an API key made in Onspring")}
)


class Provider(StrEnum):
    """Where an account may be."""

    FUSIOO = "fusioo"
    ONSPRING = "onspring"


def init(
    *,
    provider: Annotated[Provider, typer.Option(help="Where the account is.")] = Provider.FUSIOO,
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url",
            help="Where the API is, if neither at Fusioo nor in FUSIOO_BASE_URL or ONSPRING_BASE_URL.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a first relay.yaml for an account, with rules to choose from, made of its own fields.

    The token is taken from FUSIOO_TOKEN (of Onspring the key, from ONSPRING_API_KEY), or from a running
    `relay up` on the simulator, or asked for at a terminal. It is never written: the file names the variable.
    RELAY_CONFIG names another file. It asks Fusioo with one call, Onspring with one for each app; no budget
    counts them: there may be no database yet.
    """
    import asyncio

    from service.cli.apps import COLUMNS
    from service.pipeline.registering.apps import list_apps
    from service.pipeline.registering.starter import ACCOUNT, TOKENS, render_starter

    token_variable, url_variable = TOKENS[provider], _BASE_URLS[provider]
    settings = read_settings()
    path = settings.config
    if path.exists() and not force:
        raise RefusedError(f"{path} is there already; overwrite it with --force, or set RELAY_CONFIG")
    variables = _variables(settings, os.environ, token_variable, url_variable)
    token = variables.get(token_variable) or _asked_for(provider, token_variable)
    url = base_url or variables.get(url_variable)
    account = _account(provider, token, url)
    apps = asyncio.run(list_apps(ACCOUNT, account, call_timeout=settings.fetch_timeout))
    if not apps:
        raise RefusedError(
            "the token is accepted, and sees no app; give its user or role access to one, and start again"
        )
    print_listing(apps, COLUMNS, json_wanted=False, empty="")
    written_url = base_url or (f"${{{url_variable}}}" if url else None)
    text = render_starter(apps, base_url=written_url, provider=provider)
    _write(path, text, {token_variable: token, **variables}, force=force)
    typer.echo(f"\nWritten: {path}. What comes next:\n")
    if token_variable not in variables:
        typer.echo(f"  export {token_variable}=…      the file takes the token from there")
    typer.echo(f"  edit {path}       take the # away from the rules that you want")
    typer.echo("  relay rules check    shows every mistake in it")
    typer.echo("  relay up             runs it here")


def _variables(
    settings: Settings, environment: Mapping[str, str], token: str, base_url: str
) -> Mapping[str, str]:
    """Token and base URL from one source: a token must not go where another one belongs."""
    from service.dev.environment import read_running
    from service.dev.up.attachment import read_attachment

    source, root = environment, data_dir(settings)
    if not source.get(token) and read_running(root) is not None:
        told = read_attachment(root)
        source = told if told.get(token) else source
    return {name: source[name] for name in (token, base_url) if source.get(name)}


def _asked_for(provider: Provider, variable: str) -> str:
    """Ask for the token without showing it. Raises ConfigurationError without a terminal."""
    name, what = _SECRETS[provider]
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{variable} is not set", place="environment", remedy=f"set it to {what}")
    answer: str = typer.prompt(
        f"{name} (made in {provider.value.capitalize()}, is not shown)", hide_input=True
    )
    return answer.strip()


def _account(provider: Provider, token: str, base_url: str | None) -> "Account":
    """The account as the file will say it. Raises ConfigurationError for an address that is none."""
    from pydantic import SecretStr, ValidationError

    from service.rules.account import Account

    if base_url is None and provider is Provider.ONSPRING:
        raise ConfigurationError(
            f"{_BASE_URLS[provider]} is not set",
            place="environment",
            remedy=f"set it, or --base-url, to your environment's address: {_SAMPLE_URLS[provider]}",
        )
    given = {"base_url": base_url} if base_url else {}
    try:
        return Account.model_validate({"provider": provider.value, "token": SecretStr(token), **given})
    except ValidationError:
        raise ConfigurationError(
            "the base URL is not an address",
            place=f"--base-url or {_BASE_URLS[provider]}",
            remedy=f"write it like {_SAMPLE_URLS[provider]}",
        ) from None


def _write(path: Path, text: str, variables: Mapping[str, str], *, force: bool) -> None:
    """Write the file, after checking it. Raises RefusedError if somebody else wrote one meanwhile."""
    from service.rules.loader import parse

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
