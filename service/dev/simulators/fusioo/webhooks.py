"""Webhooks as the API keeps them: one app, three flags, and a secret that the provider makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.dev.simulators.fusioo.records import Happening, Record

_FLAGS = ("on_create", "on_update", "on_delete")
_KEYS = frozenset({"url", "app_id", *_FLAGS})


@dataclass
class Webhook:
    """One registered webhook. `secret` cannot be sent or changed through the API."""

    id: str
    url: str
    secret: str
    app_id: str
    on_create: bool = False
    on_update: bool = False
    on_delete: bool = False

    def wants(self, happening: Happening, record: Record) -> bool:
        """Say whether it is to be told of what was done to the record."""
        flags = {
            Happening.CREATE: self.on_create,
            Happening.UPDATE: self.on_update,
            Happening.DELETE: self.on_delete,
        }
        return record.app_id == self.app_id and flags[happening]


def check_webhook(body: Any, *, creating: bool) -> list[dict[str, str]]:
    """List what is wrong with the body of a create or an update: `{field, message}` each."""
    if not isinstance(body, Mapping):
        return [{"field": "", "message": "the webhook must be an object"}]
    problems = [
        {"field": key, "message": f"{key} is not a property of a webhook"} for key in body if key not in _KEYS
    ]
    problems += [
        {"field": key, "message": f"{key} is required"}
        for key in ("url", "app_id")
        if creating and key not in body
    ]
    if "url" in body and not str(body["url"]).startswith(("http://", "https://")):
        problems.append({"field": "url", "message": "url must be an http or https address"})
    if not isinstance(body.get("app_id", ""), str):
        problems.append({"field": "app_id", "message": "app_id must be a text"})
    problems += [
        {"field": flag, "message": f"{flag} must be true or false"}
        for flag in _FLAGS
        if not isinstance(body.get(flag, False), bool)
    ]
    return problems
