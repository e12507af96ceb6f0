"""A look that settles a hint and finds nothing changed: rules with `unchanged` are told of it. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from service.changes.decision import Decision, Fate, Finding, Hint
from service.changes.types import Kind, Origin
from service.lifecycle import DeliveryOutcome, RecordState


def tell_unchanged(decision: Decision, hints: Sequence[Hint]) -> Decision:
    """Make a change with an empty diff of a look that settles a hint at a record which is as we know it.

    Once per look, however many hints it settles: they have led to that change. Hints that stay open, and
    those that led to a change before, make none; nor do those that we gave ourselves (`hints` has all of the
    look), nor does a record that is not there.
    """
    told = [hint.id for hint in hints if hint.origin is Origin.WEBHOOK]
    unchanged = [each for each in told if decision.fates[each].outcome is DeliveryOutcome.UNCHANGED]
    before = decision.snapshot
    if not unchanged or decision.finding is not None or before.state is not RecordState.LIVE:
        return decision
    return replace(
        decision,
        snapshot=replace(before, version=before.version + 1),
        finding=Finding(Kind.UPDATE, before.fields, {}),
        fates={hint_id: _led(fate) for hint_id, fate in decision.fates.items()},
    )


def _led(fate: Fate) -> Fate:
    unchanged = fate.outcome is DeliveryOutcome.UNCHANGED
    return replace(fate, outcome=DeliveryOutcome.CHANGED) if unchanged else fate
