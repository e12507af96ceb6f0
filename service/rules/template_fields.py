"""Fields that handlers read by templates, or write, and that the app of a rule does not have. Pure.

Said, not held against the rule: a handler may serve rules of several apps, and have a `default` for what one
of them lacks.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from service.rules.known_fields import AccountApps
from service.rules.schema import Rule


def fields_not_there(
    rules: Sequence[Rule], known: Mapping[str, AccountApps], reads: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Say of each rule what its handlers name and its app has not.

    `reads`: by handler, the ids of the fields that it names of the record that changed. Of an app that is
    not known nothing is said.
    """
    for rule in rules:
        apps = known.get(rule.account, AccountApps())
        meant = apps.meant(rule.app)
        app = apps.apps.get(meant[0]) if len(meant) == 1 else None
        if app is None or not app.fields:
            continue
        for handler in rule.run:
            for field_id in sorted(set(reads.get(handler, ())) - app.fields.keys()):
                message, remedy = app.missing(field_id)
                advice = f" ({remedy})" if remedy else ""
                reading = f"handler {handler} names `{field_id}` for rule {rule.name}"
                yield f"{reading}: {message}{advice}"
