"""What becomes of the deliveries that led to a look, as it is stored. Pure."""

from collections.abc import Mapping
from uuid import UUID

from service.changes.decision import Decision, Fate
from service.inbox.repository import Verdict
from service.lifecycle import DeliveryOutcome
from service.records.repository import NewChange


def verdicts_of(decisions: Mapping[str, Decision], changes: Mapping[str, NewChange]) -> dict[int, Verdict]:
    """Say it of each delivery, by its id; `changes` are what the look found, by record id."""
    return {
        delivery_id: _verdict(fate, changes[record_id].id if record_id in changes else None)
        for record_id, decision in decisions.items()
        for delivery_id, fate in decision.fates.items()
    }


def leads_to_change(fate: Fate) -> bool:
    """Whether a delivery led to the change that its look found, if it found one."""
    return fate.outcome is DeliveryOutcome.CHANGED or fate.leads_to_change


def _verdict(fate: Fate, change_id: UUID | None) -> Verdict:
    return Verdict(
        status=fate.status,
        outcome=fate.outcome,
        reason=fate.reason,
        change_id=change_id if leads_to_change(fate) else None,
        again_in=fate.again_in,
        looks=fate.looks,
    )
