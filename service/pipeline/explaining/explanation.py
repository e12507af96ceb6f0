"""What is told of one change: how it was found, what the rules said of it, and what came of that. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.budget.usage import CallView
from service.handlers.listing import RunDetail
from service.inbox.listing import DeliveryView
from service.records.listing import ChangeDetail
from service.rules.clause import Clause
from service.rules.matcher import Verdict


class Standing(StrEnum):
    """How a rule stands to a change."""

    MATCHES = "matches"
    DOES_NOT_MATCH = "does not match"
    AWAITS_LINKS = "awaits linked records"

    @classmethod
    def of(cls, verdict: Verdict) -> "Standing":
        """Say it of a verdict."""
        if verdict.awaits_links:
            return cls.AWAITS_LINKS
        return cls.MATCHES if verdict.matched else cls.DOES_NOT_MATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The deliveries that one change settled."""

    deliveries: int
    first_received_at: datetime | None
    last_received_at: datetime | None
    """None: none of them is kept any more."""
    kinds: dict[str, int]
    """How many of those that are kept hinted at what; `unknown`: at nothing in particular."""
    kept: list[DeliveryView]
    """The first ones that are still kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """The one API call whose answer showed the change."""

    call_id: int
    call: CallView | None
    """None: it is not kept any more."""
    changes: int
    """So many changes it showed; they share the price of one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """What one rule says of the change."""

    rule: str
    standing: Standing
    reason: str
    decided_by: str | None
    """What decided that it does not match."""
    clauses: Sequence[Clause]
    """What it asks for, and what it saw; empty where it did not come to that."""
    said_then: str | None
    """`matches`, or what decided, as it was stored with the change. None: that was not kept."""
    differs: bool
    """Whether what it said then is not what it says when it is judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All there is to tell of one change."""

    change: ChangeDetail
    app_name: str
    merge: Merge
    fetch: Fetch | None
    """None: no call is known."""
    rules_digest: str
    rules_kept: bool
    """Whether the rules of that day are kept. If not, there are no clauses."""
    rules: list[RuleExplanation]
    """Those of the change's account and app."""
    other_rules: int
    """How many rules there were for other apps."""
    runs: list[RunDetail]
    """What was run, in the order in which it was stored, with every try."""
