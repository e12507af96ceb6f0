"""`relay apps`: what there is in an account to write rules about."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.attaching import attached_settings, is_attachable
from service.cli.configuration import chosen_accounts, read_configuration
from service.cli.filters import Json
from service.cli.output import Columns, print_json, print_listing
from service.config import Settings, read_settings
from service.errors import RefusedError

if TYPE_CHECKING:
    from service.fusioo.models import App, AppField
    from service.rules.configuration import Configuration

_MOST_ITEMS = 12


def _options_of(field: "AppField") -> str:
    """What may stand in the field, in a line: `Low, Normal, High; one; by default Normal`."""
    told: list[str] = []
    if field.items:
        more = len(field.items) - _MOST_ITEMS
        told.append(", ".join(field.items[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else ""))
    if field.allow_multiple is not None:
        told.append("several" if field.allow_multiple else "one")
    if field.default not in (None, "", []):
        default = field.default
        told.append(f"by default {', '.join(map(str, default)) if isinstance(default, list) else default}")
    known = {"items", "allow_multiple", "default"}
    told += [f"{name}: {value}" for name, value in field.options.items() if name not in known]
    return "; ".join(told)


EMPTY = "The token sees no app. Its user, or its role, needs access to one at the provider."
COLUMNS: Columns = {
    "ID": lambda each: each.id,
    "NAME": lambda each: each.name,
    "RECORD": lambda each: each.single_record_name,
    "FIELDS": lambda each: len(each.fields),
}
_NO_FIELDS = "The token sees no field of this app. Its user, or its role, needs access at the provider."
_FIELDS: Columns = {
    "FIELD": lambda each: each.id,
    "NAME": lambda each: each.name,
    "TYPE": lambda each: each.type,
    "REQUIRED": lambda each: "yes" if each.is_required else "",
    "UPDATE": lambda each: "yes" if each.can_update else "no",
    "OPTIONS": _options_of,
}


def apps(
    reference: Annotated[
        str | None,
        typer.Argument(metavar="[APP]", help="Only this app, with its fields: its id or exact name."),
    ] = None,
    *,
    account: Annotated[
        str | None, typer.Option("--account", help="Of this account; needed where there are several.")
    ] = None,
    json: Json = False,
) -> None:
    """List the apps that an account's token sees; or the fields of one, with their types and options.

    Asks the provider: Fusioo with one call, Onspring with one for each app that is shown.
    """
    from service.pipeline.registering.apps import find_app

    settings = attached_settings() if is_attachable() else read_settings()
    configuration = read_configuration(settings)
    found = _ask(settings, configuration, _one_account(configuration, account), reference)
    if reference is None:
        shown: Any = [app.model_dump(mode="json") for app in found] if json else found
        print_listing(shown, COLUMNS, json_wanted=json, empty=EMPTY)
        return
    app = find_app(reference, found)
    if json:
        print_json(app.model_dump(mode="json"))
        return
    typer.echo(f"{app.name} ({app.id})\n")
    print_listing(app.fields, _FIELDS, json_wanted=False, empty=_NO_FIELDS)


def _one_account(configuration: "Configuration", account: str | None) -> str:
    """The account that is meant. Raises NotFoundError, RefusedError where several could be."""
    names = chosen_accounts(configuration, account)
    if len(names) > 1:
        raise RefusedError(f"there are several accounts; say which with --account: {', '.join(names)}")
    return names[0]


def _ask(
    settings: Settings, configuration: "Configuration", account: str, reference: str | None
) -> "tuple[App, ...]":
    """Ask the provider; calls are counted where there is a database to count them in."""
    import asyncio

    from service.cli.database_session import with_engine
    from service.pipeline.registering.apps import list_apps
    from service.sealing import SecretBox

    ask = partial(
        list_apps,
        account,
        configuration.accounts[account],
        call_timeout=settings.fetch_timeout,
        meant=reference,
    )
    if settings.database_url is None:
        return asyncio.run(ask())
    box = SecretBox(settings.secret_key.get_secret_value()) if settings.secret_key else None
    return with_engine(settings, lambda engine: ask(engine=engine, box=box))
