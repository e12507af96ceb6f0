"""`relay webhooks …`: our registrations at the providers."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.attaching import attached_settings
from service.cli.database_session import reading, with_engine
from service.cli.edge import report
from service.cli.filters import AccountFilter, AppFilter, Json, LimitOption, app_filter
from service.cli.output import Columns, print_json, print_listing, when
from service.config import Settings
from service.errors import ConfigurationError, RelayError
from service.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.pipeline.registering.register import Applied
    from service.registrations.listing import RegistrationView
    from service.registrations.steps import Step
    from service.rules.configuration import Configuration

app = typer.Typer(name="webhooks", help="Our webhooks at the providers.", no_args_is_help=True)

_EMPTY = "No such webhook. `relay webhooks apply` makes those that the rules need."
_COLUMNS: Columns = {
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_name or each.app_id,
    "KIND": lambda each: each.kind,
    "STATUS": lambda each: each.status,
    "WEBHOOK": lambda each: each.webhook_id,
    "URL": lambda each: each.url,
    "SINCE": lambda each: when(each.created_at),
}


@app.command("list", epilog="Example: relay webhooks list --account main --json")
def list_(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    status: Annotated[RegistrationStatus | None, typer.Option(help="Only with this status.")] = None,
    limit: LimitOption = 1000,
    json: Json = False,
) -> None:
    """List the webhooks that are ours, as this database knows them."""
    from service.registrations.listing import list_registrations

    async def read(connection: "AsyncConnection") -> "list[RegistrationView]":
        return await list_registrations(
            connection,
            account=account,
            app_ids=await app_filter(connection, app_reference),
            status=status,
            limit=limit,
        )

    found = reading(attached_settings(), read)
    print_listing(found, _COLUMNS, json_wanted=json, empty=_EMPTY)


@app.command(
    "apply",
    epilog="Example: relay webhooks apply\n\nExits 1 if an account failed; the others are done all the same.",
)
def apply(*, account: AccountFilter = None, json: Json = False) -> None:
    """Make the providers' webhooks what the rules need. Safe to repeat."""
    from service.cli.configuration import chosen_accounts, read_configuration

    settings = attached_settings()
    configuration = read_configuration(settings)
    accounts = chosen_accounts(configuration, account)
    if settings.public_url is None:
        raise ConfigurationError(
            "RELAY_PUBLIC_URL is not set", place="environment", remedy="set it to where providers reach us"
        )
    results: list[dict[str, Any]] = []
    failed = False
    for name in accounts:
        try:
            applied = with_engine(settings, _applying(settings, configuration, name))
        except RelayError as error:  # one account's trouble keeps no other from its webhooks
            report(error)
            failed = True
        else:
            results += _described(name, applied)
    _print_results(results, json_wanted=json, failed=failed)
    if failed:
        raise typer.Exit(1)


def _applying(settings: Settings, configuration: "Configuration", account: str) -> Any:
    from service.pipeline.registering.applying import Registrar
    from service.sealing import SecretBox

    key = settings.secret_key.get_secret_value() if settings.secret_key else ""

    async def work(engine: "AsyncEngine") -> "Applied":
        registrar = Registrar(
            engine=engine,
            configuration=configuration,
            box=SecretBox(key),
            public_url=settings.public_url or "",
            overlap=settings.rotation_overlap,
            call_timeout=settings.fetch_timeout,
        )
        return await registrar.apply(account)

    return work


def _described(account: str, applied: "Applied") -> list[dict[str, Any]]:
    names = {app.id: app.name for app in applied.apps.values()}
    return [_describe(account, step, names) for step in applied.steps]


def _describe(account: str, step: "Step", names: dict[str, str]) -> dict[str, Any]:
    from service.registrations.steps import Create, Remove

    match step:
        case Create(wanted):
            app_id, kind = wanted.app_id, wanted.kind.value
        case Remove(theirs):
            app_id, kind = theirs.app_id, ",".join(sorted(theirs.kinds))
        case _:
            app_id, kind = step.ours.app_id, step.ours.kind.value
    return {
        "account": account,
        "app_id": app_id,
        "app_name": names.get(app_id),
        "kind": kind,
        "step": type(step).__name__.lower(),
    }


_DONE = {
    "create": "created",
    "finish": "created (an earlier apply was cut short)",
    "recreate": "created anew: it had vanished at the provider",
    "adopt": "adopted (an earlier apply was cut short)",
    "patch": "told the new URL",
    "remove": "removed at the provider: a second one where one is enough",
    "retire": "wanted by no rule any more; it still delivers",
    "keep": "as it should be",
    "overlap": "replaced; still accepted for a while",
    "expire": "deleted: the one in its place has been active for long enough",
}


def _print_results(results: list[dict[str, Any]], *, json_wanted: bool, failed: bool) -> None:
    if json_wanted:
        print_json(results)
        return
    for result in results:
        name = result["app_name"] or result["app_id"]
        typer.echo(f"{result['account']}  {name}  {result['kind']}: {_DONE[result['step']]}")
    if not results and not failed:
        typer.echo("No rule names an app: there is nothing to register.")
