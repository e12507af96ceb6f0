"""How a record's JSON looks where the page leaves it open: stamps, and values without a published form."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.settings import FusiooSettings

_STAMPS = ("created", "last_modified")
_ODD_TYPES = frozenset({"currency", "duration", "rating"})
_FORMAT = "%Y-%m-%dT%H:%M:%S"


def present(app: App, shown: Mapping[str, Any], settings: FusiooSettings) -> dict[str, Any]:
    """Rewrite a record of `app` (stamps in UTC, plain values) as the settings want it."""
    presented = dict(shown)
    if settings.empty_as_null:
        presented = {**dict.fromkeys(field.id for field in app.fields), **presented}
    if settings.stamps != "utc":
        zone = ZoneInfo(settings.stamps_zone)
        # Offsets without a colon, as in the one date-time that Fusioo is known to accept.
        form = _FORMAT + ("%z" if settings.stamps == "offset" else "")
        for name in _STAMPS:
            moment = datetime.strptime(presented[name], _FORMAT).replace(tzinfo=UTC)
            presented[name] = moment.astimezone(zone).strftime(form)
    if settings.odd_values != "plain":
        for field in app.fields:
            if field.type in _ODD_TYPES and presented.get(field.id) is not None:
                value = presented[field.id]
                presented[field.id] = str(value) if settings.odd_values == "text" else {"value": value}
    return presented
