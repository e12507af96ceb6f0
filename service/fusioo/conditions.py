"""The conditions of filters: their names, what they take, and on which fields they work. Pure.

Source: the captions of the vendor's page ("supported conditions"); `equal`, `not_equal` and `contains` stand
there as JSON names, the others are its captions in snake_case, so every name can be overridden. Of the fields
the page tells only those of Has No Value; lists and booleans are as seen live; what nobody knows is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

from service.fusioo.kinds import ValueKind


class Takes(Enum):
    """What a condition compares with."""

    ONE = auto()
    SEVERAL = auto()
    DAYS = auto()
    FLAG = auto()


class Condition(NamedTuple):
    """A condition that the page names: what it takes, and the kinds of fields on which it works."""

    takes: Takes
    kinds: frozenset[ValueKind]


UNTOLD = frozenset({ValueKind.RAW, ValueKind.COMPUTED, ValueKind.AUTO_NUMBER})
"""Fields whose values can be anything: every operand may be right."""
LISTS = frozenset({ValueKind.LIST, ValueKind.NAMES, ValueKind.LINKS, ValueKind.FILES})
TIMES = frozenset({ValueKind.DATE, ValueKind.DATE_TIME, ValueKind.DATE_RANGE, ValueKind.STAMP})

_ORDERED = UNTOLD | TIMES | {ValueKind.NUMBER}
_SINGLE = _ORDERED | {ValueKind.TEXT, ValueKind.YES_NO}
_CONTAINING = UNTOLD | LISTS | {ValueKind.TEXT}
_EMPTIABLE = _ORDERED | {ValueKind.TEXT, ValueKind.LIST, ValueKind.NAMES}

CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "equal": Condition(Takes.ONE, _SINGLE),
        "not_equal": Condition(Takes.ONE, _SINGLE),
        "contains": Condition(Takes.ONE, _CONTAINING),
        "does_not_contain": Condition(Takes.ONE, _CONTAINING),
        "contains_any": Condition(Takes.SEVERAL, _CONTAINING),
        "contains_all": Condition(Takes.SEVERAL, _CONTAINING),
        "greater_than": Condition(Takes.ONE, _ORDERED),
        "less_than": Condition(Takes.ONE, _ORDERED),
        "within_previous": Condition(Takes.DAYS, UNTOLD | TIMES),
        "within_next": Condition(Takes.DAYS, UNTOLD | TIMES),
        "is_today": Condition(Takes.FLAG, UNTOLD | TIMES),
        "has_no_value": Condition(Takes.FLAG, _EMPTIABLE),
    }
)


@dataclass(frozen=True, slots=True)
class ConditionNames:
    """How conditions are called on the wire: `overrides` maps our names to the API's, others are the same.

    Raises ValueError where two conditions would have one name.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [self.on_wire(name) for name in dict.fromkeys((*CONDITIONS, *self.overrides))]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two conditions would be called {', '.join(twice)}; give each its own name")

    def on_wire(self, name: str) -> str:
        """Our name → the API's."""
        return self.overrides.get(name, name)

    def ours(self, on_wire: str) -> str:
        """The API's name → ours; names that nobody overrode or knows are the same."""
        return next((name for name, other in self.overrides.items() if other == on_wire), on_wire)
