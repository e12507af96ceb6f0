"""`relay webhooks apply` and `rotate`: the steps of a plan, told as they are done."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.changes.types import Kind
from service.cli.acting import confirm
from service.cli.database_session import reading
from service.cli.filters import AccountFilter, AppFilter, Json, app_filter
from service.cli.output import print_json
from service.cli.webhooks.accounts import Desk, open_desk
from service.cli.webhooks.planning import PruneOption, name_of, print_plan
from service.errors import NotFoundError
from service.lifecycle import RegistrationStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.pipeline.registering.applying import Registrar
    from service.pipeline.registering.planning import Planned
    from service.pipeline.registering.register import Applied
    from service.registrations.describing import StepView
    from service.registrations.listing import RegistrationView
    from service.registrations.steps import Step

_DONE = {
    "create": "created",
    "finish": "created (an earlier apply was cut short)",
    "recreate": "created anew: it had vanished at the provider",
    "adopt": "adopted: its id and secret were taken from the provider",
    "patch": "changed at the provider",
    "rotate": "replaced; the old one goes on for a while",
    "expire": "the old one deleted: the new one has been active for long enough",
    "prune": "deleted: no rule wants it",
    "remove": "removed at the provider: one too many",
    "retire": "wanted by no rule any more; it still delivers (--prune deletes it)",
}
YesOption = Annotated[bool, typer.Option("--yes", help="Delete without asking.")]
KindOption = Annotated[Kind | None, typer.Option("--kind", help="Only of this kind.")]


class _Teller:
    """Tells a person, or at the end a program, what becomes of the accounts' plans."""

    def __init__(self, *, yes: bool, json: bool) -> None:
        self._yes, self._json = yes, json
        self.refused = False
        self.steps: list[StepView] = []
        self._account, self._names = "", dict[str, str]()

    def approve(self, planned: "Planned", account: str) -> bool:
        """Show what is to be done, and ask where a webhook goes that delivers."""
        from service.registrations.steps import Prune

        self._account, self._names = account, dict(planned.names)
        if not self._json:
            print_plan(planned, account, verbose=False)
        doomed = sum(isinstance(step, Prune) for step in planned.steps)
        if not doomed or self._yes:
            return True
        wanted = self._asked(f"{doomed} that no rule wants would be deleted at the provider of {account}")
        self.refused |= not wanted
        return wanted

    def taken(self, step: "Step") -> None:
        """Tell of a step that was done."""
        from service.registrations.describing import view_step

        view = view_step(step, self._account, self._names)
        self.steps.append(view)
        if not self._json and view.step in _DONE:
            typer.echo(f"{view.account}  {name_of(view)}: {_DONE[view.step]}")

    def watched(self, applied: "Applied") -> None:
        """Tell of apps that are watched without a webhook of ours."""
        if applied.polled is None or self._json:
            return
        for app in sorted(set(applied.apps.values()), key=lambda each: (each.name, each.id)):
            typer.echo(f"{self._account}  {app.name}: watched")

    def _asked(self, would_be: str) -> bool:
        if self._json:  # standard output is for objects
            typer.echo(f"relay: {would_be}; --yes does it", err=True)
            return False
        try:
            confirm(would_be, yes=False)
        except typer.Exit:
            return False
        return True

    def finish(self, failed: list[str]) -> None:
        """Print the objects for programs. Exits 1 if something failed, or was not wanted."""
        if self._json:
            print_json(self.steps)
        if failed or self.refused:
            raise typer.Exit(1)


def apply(
    *, account: AccountFilter = None, prune: PruneOption = False, yes: YesOption = False, json: Json = False
) -> None:
    """Make the providers' webhooks what the rules need: the plan, then each step as it is done.

    Safe to repeat, also after it was cut short anywhere. Nobody else's webhook is touched. What no rule
    wants goes with --prune only, after a question; without a terminal, --yes answers it. Onspring has no API
    for webhooks: of its accounts, the apps are stored, so that they are watched.
    """
    from service.cli.configuration import chosen_accounts

    desk = open_desk()
    teller = _Teller(yes=yes, json=json)

    async def work(registrar: "Registrar", name: str) -> None:
        applied = await registrar.apply(
            name, prune=prune, approve=lambda planned: teller.approve(planned, name), on_taken=teller.taken
        )
        teller.watched(applied)

    teller.finish(desk.for_each(chosen_accounts(desk.configuration, account), work))


def rotate(
    *,
    account: AccountFilter = None,
    app_reference: AppFilter = None,
    kind: KindOption = None,
    json: Json = False,
) -> None:
    """Give webhooks a new key and a new secret, without losing a delivery.

    A new webhook is made for each; the old one is accepted beside it for RELAY_ROTATION_OVERLAP. After that
    `relay webhooks apply` deletes it, or a worker does by itself. Without options all are rotated.
    """
    desk = open_desk()
    meant = _meant(desk, account, app_reference, kind)
    teller = _Teller(yes=True, json=json)

    async def work(registrar: "Registrar", name: str) -> None:
        places = {(each.app_id, each.kind) for each in meant if each.account == name}
        await registrar.apply(
            name,
            rotating=lambda want: (want.app_id, want.kind.value) in places,
            approve=lambda planned: teller.approve(planned, name),
            on_taken=teller.taken,
        )

    failed = desk.for_each(list(dict.fromkeys(each.account for each in meant)), work)
    if not json:
        _tell_when_old_ones_go(desk, {each.account for each in meant})
    teller.finish(failed)


def _meant(
    desk: Desk, account: str | None, app_reference: str | None, kind: Kind | None
) -> "list[RegistrationView]":
    """The webhooks to rotate. Raises NotFoundError where there is none."""
    from service.cli.configuration import chosen_accounts
    from service.registrations.listing import list_registrations

    accounts = chosen_accounts(desk.configuration, account)

    async def read(connection: "AsyncConnection") -> "list[RegistrationView]":
        app_ids = await app_filter(connection, app_reference)
        return await list_registrations(connection, account=account, app_ids=app_ids, limit=10_000)

    live = {RegistrationStatus.ACTIVE, RegistrationStatus.CREATING}
    found = [
        each
        for each in reading(desk.settings, read)
        if each.account in accounts
        and each.status in live
        and not each.manual
        and (kind is None or each.kind == kind)
    ]
    if not found:
        raise NotFoundError(
            "no webhook that `relay webhooks apply` made is meant by that; `relay webhooks list` shows all."
            " One that a person set up is replaced by another: `relay webhooks add`, then `remove`"
        )
    return found


def _tell_when_old_ones_go(desk: Desk, accounts: set[str]) -> None:
    from service.registrations.listing import list_registrations

    async def read(connection: "AsyncConnection") -> "list[RegistrationView]":
        return await list_registrations(connection, status=RegistrationStatus.RETIRING, limit=10_000)

    moments = [
        each.retire_at for each in reading(desk.settings, read) if each.account in accounts and each.retire_at
    ]
    if moments:
        typer.echo(
            f"The old ones are accepted until {max(moments):%Y-%m-%d %H:%M:%S} UTC; then `relay webhooks"
            " apply` deletes them, or a worker does by itself."
        )
