"""From what a provider said of its apps to what a check of rules needs. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from service.fusioo.kinds import SYSTEM_KINDS, FieldKinds, ValueKind
from service.fusioo.link_targets import link_targets
from service.fusioo.models import App, AppField
from service.registrations.listings import AppliedApp, Listing
from service.rules.known_fields import AccountApps, AppFields, FieldKind, KnownField

_KINDS: Mapping[ValueKind, FieldKind] = MappingProxyType(
    {
        ValueKind.TEXT: FieldKind.TEXT,
        ValueKind.NUMBER: FieldKind.NUMBER,
        ValueKind.DATE: FieldKind.TIME,
        ValueKind.DATE_TIME: FieldKind.TIME,
        ValueKind.STAMP: FieldKind.TIME,
        ValueKind.LIST: FieldKind.OPTIONS,
        ValueKind.NAMES: FieldKind.NAMES,
        ValueKind.LINKS: FieldKind.LINKS,
        ValueKind.FILES: FieldKind.FILES,
        ValueKind.YES_NO: FieldKind.FLAG,
    }
)
"""The others hold whatever their formula gives, or what nobody has published."""


def read_app(described: Mapping[str, Any]) -> App | None:
    """Read an app as the provider described it; None: it can't be read, so nothing is known of it."""
    try:
        return App.model_validate(described)
    except ValidationError:
        return None


def described(app: App) -> dict[str, Any]:
    """Give back an app as the provider described it."""
    return app.model_dump(mode="json", exclude_unset=True)


def known_apps(listings: Mapping[str, Listing], applied: Iterable[AppliedApp]) -> dict[str, AccountApps]:
    """Put together what is known of each account's apps.

    `listings`: all that the token saw last, by account. Where an account's apps were never listed, those that
    were applied are known alone.
    """
    by_account: dict[str, list[AppliedApp]] = {}
    for each in applied:
        by_account.setdefault(each.account, []).append(each)
    return {
        account: _apps_of(listings.get(account), by_account.get(account, []))
        for account in {*listings, *by_account}
    }


def _apps_of(listing: Listing | None, applied: Sequence[AppliedApp]) -> AccountApps:
    seen = listing.apps if listing else [each.schema for each in applied]
    return AccountApps(
        apps={app.id: fields_of(app) for app in map(read_app, seen) if app is not None},
        applied={each.app_id: each.name for each in applied},
        complete=listing is not None,
    )


def fields_of(app: App) -> AppFields:
    """Give an app's fields as rules know them; none where the token sees none: nothing is known then."""
    kinds, targets = FieldKinds(), link_targets(app)
    fields = {each.id: _field_of(each, kinds.of(each.id, app), targets.get(each.id)) for each in app.fields}
    if fields:
        for field_id in SYSTEM_KINDS:
            fields.setdefault(field_id, KnownField(field_id, kind=_KINDS[SYSTEM_KINDS[field_id]]))
    return AppFields(app.id, app.name or app.id, fields)


def _field_of(field: AppField, kind: ValueKind, leads_to: str | None) -> KnownField:
    known = _KINDS.get(kind, FieldKind.ANY)
    return KnownField(
        field.id,
        field.name,
        known,
        options=(field.items or ()) if known is FieldKind.OPTIONS else (),
        several=field.allow_multiple,
        leads_to=leads_to,
        settable=field.can_update,
    )
