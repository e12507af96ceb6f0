"""Which fields of its app a rule names. Pure."""

from collections.abc import Iterable, Iterator

from service.rules.expand import split_path
from service.rules.schema import Rule


def named_fields(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """The ids of all fields that rules name in their own app, by account.

    A path with a dot may be a field as it stands, or begin at a link: both are among them.
    """
    named: dict[str, frozenset[str]] = {}
    for rule in rules:
        named[rule.account] = named.get(rule.account, frozenset()).union(fields_of(rule))
    return named


def fields_of(rule: Rule) -> Iterator[str]:
    """The ids of the fields that one rule names in its app, some perhaps twice."""
    for when in (rule.when, rule.when_before):
        if when is not None:
            for _, each in when.walk():
                for path in each.fields:
                    yield from (path, split_path(path)[0])
                if each.of_change is not None:
                    yield from each.of_change.changed or ()
    yield from rule.changed or ()
    for path in rule.expand:
        yield split_path(path)[0]
