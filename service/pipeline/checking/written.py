"""What checks of writes have in common, whatever the provider. Pure."""

from typing import Any

from service.rules.configuration import Configuration
from service.rules.known_fields import AccountApps
from service.rules.problems import Finding, KeyPath, nearest

_IN_TEMPLATES = ("{{", "{%", "{#")


def apps_named(configuration: Configuration) -> dict[str, set[str]]:
    """The apps that rules, or handlers that write, name by id or exact name, by account: to be known."""
    named: dict[str, set[str]] = {}
    for rule in configuration.rules:
        named.setdefault(rule.account, set()).add(str(rule.app))
    for handler in configuration.handlers.values():
        options = handler.options
        if isinstance(options, dict) and "app" in options:
            named.setdefault(str(options.get("account")), set()).add(str(options["app"]))
    return named


def is_template(value: Any) -> bool:
    """Whether a value, or one in a list, is made of a change: what it gives is not known before."""
    if isinstance(value, list):
        return any(map(is_template, value))
    return isinstance(value, str) and any(sign in value for sign in _IN_TEMPLATES)


def unknown_app(reference: str, apps: AccountApps, path: KeyPath) -> Finding:
    """Say that the account sees no such app."""
    names = [name for app in apps.apps.values() for name in (app.name, app.id)]
    return Finding(
        path, f"the token sees no app of the id or exact name `{reference}`", nearest(reference, names)
    )
