"""What the configuration says of changes and runs, as the pipeline needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.rules.matcher import Matcher


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
    """Which linked records a rule's handlers get, by the rule's name; rules without are left out."""
