"""What handlers write to providers, against the apps that they write to; here, to Fusioo. Pure.

Only what stands in the file as it will be sent: a template gives what it gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.pipeline.checking.onspring_writes import ONSPRING_KINDS, onspring_findings
from service.pipeline.checking.written import is_template, unknown_app
from service.rules.app_checks import RuleFinding
from service.rules.configuration import Configuration
from service.rules.handler import Handler
from service.rules.known_fields import AccountApps, AppFields
from service.rules.operand_checks import wrong_written
from service.rules.problems import Finding, KeyPath

_CREATE, _UPDATE = "fusioo.create", "fusioo.update"


def check_writes(configuration: Configuration, known: Mapping[str, AccountApps]) -> Iterator[RuleFinding]:
    """Give what is wrong with what handlers write, once for each rule that runs them; else under no rule."""
    for name, handler in configuration.handlers.items():
        rules = [rule.name for rule in configuration.rules if name in rule.run]
        for finding in _findings(name, handler, configuration, known):
            yield from (RuleFinding(rule, finding) for rule in rules or [""])


def _findings(
    name: str, handler: Handler, configuration: Configuration, known: Mapping[str, AccountApps]
) -> Iterator[Finding]:
    options, path = handler.options, ("handlers", name, handler.kind)
    if not isinstance(options, dict):
        return
    apps = known.get(str(options.get("account")), AccountApps())
    if handler.kind in ONSPRING_KINDS:
        yield from onspring_findings(options, apps, path)
    if handler.kind not in {_CREATE, _UPDATE}:
        return
    if handler.kind == _CREATE:
        reference = str(options.get("app"))
        meant = [apps.apps[each] for each in apps.meant(reference) if each in apps.apps]
        if not meant and apps.complete:
            yield unknown_app(reference, apps, (*path, "app"))
        if len(meant) == 1:
            yield from _check_fields(options.get("fields"), meant, (*path, "fields"))
            yield from _check_fields(options.get("unless"), meant, (*path, "unless"), names_only=True)
    elif "record" not in options:
        yield from _check_fields(
            options.get("fields"), _apps_of_rules(name, options, configuration, apps), (*path, "fields")
        )


def _apps_of_rules(
    name: str, options: Mapping[str, Any], configuration: Configuration, apps: AccountApps
) -> list[AppFields]:
    """The apps whose records the handler updates: those of its rules. None where one is not known."""
    found = []
    for rule in configuration.rules:
        if name not in rule.run:
            continue
        meant = apps.meant(rule.app) if rule.account == options.get("account") else ()
        if len(meant) != 1 or meant[0] not in apps.apps:
            return []
        found.append(apps.apps[meant[0]])
    return found


def _check_fields(
    fields: Any, apps: Sequence[AppFields], path: KeyPath, *, names_only: bool = False
) -> Iterator[Finding]:
    """Give what is wrong in each of the apps: a handler may serve several, of which one fits."""
    if not isinstance(fields, dict) or not apps or not all(app.fields for app in apps):
        return
    for field_id, value in fields.items():
        having = [app for app in apps if field_id in app.fields]
        if not having:
            yield Finding((*path, field_id), *apps[0].missing(str(field_id)), at_key=True)
        elif len(having) == 1 and not names_only and not is_template(value):
            for wrong in wrong_written(value, having[0].fields[field_id]):
                yield Finding((*path, field_id, *wrong.path), wrong.message, wrong.remedy)
