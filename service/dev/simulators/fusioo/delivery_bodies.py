"""The bodies of deliveries, in all the shapes that a receiver may have to expect."""

from collections.abc import Callable, Mapping
from typing import Any

from service.dev.simulators.fusioo.presenting import present
from service.dev.simulators.fusioo.records import Record
from service.dev.simulators.fusioo.schema import App
from service.dev.simulators.fusioo.settings import FusiooSettings

_Shown = Mapping[str, Any]
"""The record with all its fields, as the API would show it to somebody who may see all."""


def delivery_body(app: App, record: Record, settings: FusiooSettings) -> Any:
    """Build the body of a delivery about a record of `app`, in the shape that the settings choose."""
    return _SHAPES[settings.delivery_body](app, present(app, record.to_json(record.now), settings))


def workflow_body(app: App, record: Record, settings: FusiooSettings) -> dict[str, Any]:
    """Build the body of the workflow action "Send Webhook", after the table of an older public receiver."""
    return _workflow(app, present(app, record.to_json(record.now), settings))


def _workflow(app: App, shown: _Shown) -> dict[str, Any]:
    own = {name: value for name, value in shown.items() if name != "id"}
    url = f"https://app.fusioo.com/apps/{app.id}/records/{shown['id']}"
    return {"record_id": shown["id"], "app_id": app.id, "record_url": url, **own}


_SHAPES: Mapping[str, Callable[[App, _Shown], Any]] = {
    "id": lambda _app, shown: {"id": shown["id"]},
    "bare": lambda _app, shown: shown["id"],
    "record_id": lambda _app, shown: {"record_id": shown["id"]},
    "recordId": lambda _app, shown: {"recordId": shown["id"]},
    "data.id": lambda _app, shown: {"data": {"id": shown["id"]}},
    "record.id": lambda _app, shown: {"record": {"id": shown["id"]}},
    "record": lambda _app, shown: dict(shown),
    "array": lambda _app, shown: [{"id": shown["id"]}],
    "workflow": _workflow,
}
