"""Which fields rules name: everywhere where a field can stand."""

from service.rules.named_fields import named_fields
from tests.fixtures.known_apps import configured


def test_fields_are_found_wherever_rules_name_them() -> None:
    rules = (
        "when: {a: {equal: 1}, any: [{b: {equal: 1}}, {not: {c.d: {equal: 1}}}], change: {changed: [e]}}\n"
        "when_before: {all: [{f: {equal: 1}}]}\nchanged: {g: set}\nexpand: [h.i]"
    )
    named = named_fields(configured(rules).rules)
    assert named == {"main": frozenset({"a", "b", "c.d", "c", "e", "f", "g", "h"})}
    assert named_fields(configured("").rules) == {"main": frozenset()}
