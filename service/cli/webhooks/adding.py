"""`relay webhooks add` and `remove`: webhooks that a person sets up, in a workflow or a REST outcome."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from service.changes.types import Kind
from service.cli.acting import confirm
from service.cli.database_session import with_engine
from service.cli.filters import Json
from service.cli.output import print_json
from service.cli.webhooks.accounts import Desk, box_of, open_desk, public_url
from service.cli.webhooks.outcomes import OutcomeForm, make_secret
from service.errors import NotFoundError

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from service.fusioo.models import App
    from service.pipeline.registering.manual import Begun


def add(
    account: Annotated[str, typer.Argument(help="The account's name in relay.yaml.")],
    app: Annotated[str, typer.Argument(help="The app's id or exact name.")],
    *,
    kind: Annotated[
        Kind | None,
        typer.Option(help="What it tells of; without, its deliveries may be about anything."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a URL for a webhook that a person sets up: in a Fusioo workflow, or a trigger of Onspring.

    Fusioo: prints the URL, which belongs into the dialog of the workflow's action "Send Webhook", and takes
    the secret that the dialog shows from standard input: asked for at a terminal, without showing it, or
    piped. Cut short, or without a secret, the same command goes on with the same URL.

    Onspring: prints URL, method, headers and body for the REST API outcome of a trigger. The secret is piped
    to standard input, or made here; it is shown once.

    `relay webhooks apply` never touches either.
    """
    desk = open_desk()
    begun = with_engine(desk.settings, lambda engine: _begin(engine, desk, account, app, kind))
    configured = desk.configuration.accounts[account]
    shown = {"id": begun.id, "url": begun.url, "account": account, "kind": kind}
    if configured.provider == "onspring":
        form = OutcomeForm(begun.url, configured.secret_header, begun.app.id, _piped() or make_secret())
        _activate(desk, begun, form.secret)
        shown |= {"method": form.method, "header": form.header, "secret": form.secret, "body": form.body}
        typer.echo(form.told(begun.app.name), err=json)
    else:
        _show(begun, json=json)
        _activate(desk, begun, _read_secret())
    if json:
        print_json(shown)
    else:
        typer.echo(f"Its deliveries are accepted now. `relay webhooks remove {begun.id}` ends that.")


def remove(
    reference: Annotated[str, typer.Argument(help="The webhook's id, key or URL: `relay webhooks list`.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Accept nothing more from a webhook that a person set up (`relay webhooks add`).

    Take it out of the workflow, or the trigger, first: what it sends afterwards is answered with 404.
    """
    from service.cli.attaching import attached_settings
    from service.pipeline.registering import manual

    settings = attached_settings()
    found: UUID = with_engine(settings, lambda engine: manual.find_removable(engine, reference))
    confirm(f"what webhook {found} sends would not be accepted any more", yes=yes)
    with_engine(settings, lambda engine: manual.remove(engine, found))
    typer.echo(f"{found} is removed")


def _activate(desk: Desk, begun: "Begun", secret: str) -> None:
    from service.pipeline.registering.manual import activate

    with_engine(desk.settings, lambda engine: activate(engine, box_of(desk.settings), begun, secret))


async def _begin(engine: "AsyncEngine", desk: Desk, account: str, app: str, kind: Kind | None) -> "Begun":
    from service.pipeline.registering.manual import begin

    found = await _find_app(engine, desk, account, app)
    return await begin(
        engine,
        account=account,
        provider=desk.configuration.accounts[account].provider,
        app=found,
        kind=kind,
        public_url=public_url(desk.settings),
    )


async def _find_app(engine: "AsyncEngine", desk: Desk, account: str, app: str) -> "App":
    """Ask the provider for the app. Raises NotFoundError for an unknown account."""
    from service.pipeline.registering.apps import find_app, list_apps

    configured = desk.configuration.accounts.get(account)
    if configured is None:
        known = ", ".join(desk.configuration.accounts)
        raise NotFoundError(f"there is no account {account} in the configuration; there are: {known}")
    timeout, box = desk.settings.fetch_timeout, box_of(desk.settings)
    apps = await list_apps(account, configured, call_timeout=timeout, engine=engine, box=box, meant=app)
    return find_app(app, apps)


def _show(begun: "Begun", *, json: bool) -> None:
    """Print the URL; for people only, and beside the objects for programs."""
    again = "It waits for its secret since an earlier call.\n" if begun.resumed else ""
    typer.echo(
        f"{again}Paste this URL into the workflow's dialog:\n\n  {begun.url}\n\n"
        "Then give the secret that the dialog shows. The same command goes on later with the same URL;"
        f" `relay webhooks remove {begun.id}` gives it up.",
        err=json,
    )


def _read_secret() -> str:
    """Read the secret: from a terminal without showing it, else the first line of standard input."""
    if sys.stdin.isatty():
        answer: str = typer.prompt("Secret (is not shown)", hide_input=True, err=True)
        return answer.strip()
    return _piped()


def _piped() -> str:
    """Read the first line of standard input, unless that is a terminal."""
    return "" if sys.stdin.isatty() else sys.stdin.readline().strip()
