"""What the configuration says of changes and runs, as the pipeline needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, Self

from service.rules.configuration import Configuration
from service.rules.discipline import Loop
from service.rules.expand import with_beginnings
from service.rules.handler import Order
from service.rules.kept_conditions import KeptConditions, linked_paths
from service.rules.matcher import Matcher
from service.rules.named_fields import named_fields
from service.rules.schema import Rule


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Which rules apply, and what runs then."""

    matcher: Matcher
    runs: Mapping[str, tuple[str, ...]]
    """The handlers that a rule runs, in order, by the rule's name."""
    ordered: Mapping[str, bool]
    """Whether a handler's runs of one record go one after the other, by the handler's name."""
    digest: str
    """Names this version of the rules."""
    expand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which linked records a rule's conditions ask about and its handlers get, by the rule's name; rules
    without are left out."""
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The conditions of the rules that ask about linked records (`KeptConditions`, as JSON), by name."""
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The ids of the fields that rules name, by account."""
    unchanged: frozenset[tuple[str, str]] = frozenset()
    """The accounts and apps, as rules name them, of the rules that run also when nothing differs."""
    loops: Mapping[str, Loop] = field(default_factory=dict)
    """When the runs of one record are taken for a loop, by the handler's name; of those that say so."""

    @classmethod
    def of(
        cls,
        rules: Sequence[Rule],
        *,
        ordered: Mapping[str, bool],
        digest: str,
        timezones: Mapping[str, tzinfo],
        loops: Mapping[str, Loop] = MappingProxyType({}),
    ) -> Self:
        """Take it from the rules of a configuration."""
        asked = {rule.name: linked_paths(rule.when) for rule in rules}
        expand = {rule.name: with_beginnings((*rule.expand, *asked[rule.name])) for rule in rules}
        return cls(
            matcher=Matcher(rules, timezones),
            runs={rule.name: rule.run for rule in rules},
            ordered=ordered,
            digest=digest,
            expand={name: paths for name, paths in expand.items() if paths},
            conditions={
                rule.name: KeptConditions.of(rule.when, timezones.get(rule.account, UTC)).written()
                for rule in rules
                if rule.when is not None and asked[rule.name]
            },
            named=named_fields(rules),
            unchanged=frozenset((rule.account, rule.app) for rule in rules if rule.unchanged),
            loops=loops,
        )

    @classmethod
    def of_configuration(cls, configuration: Configuration) -> Self:
        """Take it from a whole configuration."""
        handlers = configuration.handlers
        return cls.of(
            configuration.rules,
            ordered={name: each.order is Order.RECORD for name, each in handlers.items()},
            digest=configuration.digest,
            timezones=configuration.timezones,
            loops={name: each.loop for name, each in handlers.items() if each.loop is not None},
        )

    def rules_of(self, handler: str) -> int:
        """How many rules run a handler."""
        return sum(handler in handlers for handlers in self.runs.values())

    def tells_unchanged(self, account: str, app_id: str, app_name: str) -> bool:
        """Whether some rule of an app runs also when nothing differs."""
        return not self.unchanged.isdisjoint({(account, app_id), (account, app_name)})
