"""`relay reconcile`: look at once for changes that no webhook told of."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.attaching import attached_settings
from service.cli.configuration import chosen_accounts, read_configuration
from service.cli.database_session import with_engine
from service.cli.edge import report
from service.cli.filters import Json
from service.cli.output import Columns, print_listing, when
from service.config import Settings
from service.errors import RelayError

if TYPE_CHECKING:
    from service.pipeline.reconciling.reconcile import Reconciled
    from service.reconciles.listing import ReconcileView
    from service.rules.configuration import Configuration

_EMPTY = "No app to reconcile: no rule names one that was applied. `relay webhooks apply` does that."
_COLUMNS: Columns = {
    "ACCOUNT": lambda each: each.account,
    "APP": lambda each: each.app_name or each.app_id,
    "CALLS": lambda each: each.calls,
    "NOTICED": lambda each: each.noticed,
    "RECORDS": lambda each: each.api_count,
    "KNOWN": lambda each: each.known_count,
    "GONE": lambda each: each.gone,
    "NEXT": lambda each: when(each.next_at),
}


def reconcile(
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="Only this account of relay.yaml.")
    ] = None,
    app: Annotated[
        str | None, typer.Argument(metavar="[APP]", help="Only this app: its id or exact name.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Look at once for changes that no webhook told of, in every app that a rule names.

    Workers do the same every `reconcile` (relay.yaml). What is NOTICED differs from what the relay knows: it
    is settled like a delivery some seconds later, and its changes say `reconcile`. GONE are deletions that
    the count shows; a full sweep names them.
    """
    settings = attached_settings()
    configuration = read_configuration(settings)
    views: list[ReconcileView] = []
    failed = False
    for name in chosen_accounts(configuration, account):
        try:
            found, told = _reconcile(settings, configuration, name, app)
        except RelayError as error:
            report(error)
            failed = True
        else:
            views += told
            for trouble in found.failed.values():
                report(trouble)
            failed = failed or bool(found.failed)
    if views or not failed:
        print_listing(views, _COLUMNS, json_wanted=json, empty=_EMPTY)
    if failed:
        raise typer.Exit(1)


def _reconcile(
    settings: Settings, configuration: "Configuration", account: str, app: str | None
) -> "tuple[Reconciled, list[ReconcileView]]":
    from service.pipeline.reconciling.by_hand import reconcile_by_hand
    from service.sealing import SecretBox

    box = SecretBox(settings.secret_key.get_secret_value()) if settings.secret_key else None
    return with_engine(
        settings,
        lambda engine: reconcile_by_hand(
            engine,
            configuration,
            account,
            app,
            grace=settings.reconcile_grace,
            call_timeout=settings.fetch_timeout,
            box=box,
        ),
    )
