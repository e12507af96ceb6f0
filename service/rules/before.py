"""A record's state before a change, for `when_before`. Pure."""

from service.changes.diff import SYSTEM_STAMPS
from service.changes.types import Change, Fields, Kind


def state_before(change: Change) -> Fields:
    """Put the before-values of the diff back into the state after; on delete it is the last known state.

    The diff says nothing of Fusioo's stamps: who edited the record before, and when, is left out. Raises
    ValueError for a change that does not tell the state before: a create, a first sight, an unknown one.
    """
    if change.record is None or (change.kind is not Kind.DELETE and change.diff is None):
        raise ValueError(f"the state before the {change.kind} is not known")
    if change.kind is Kind.DELETE:
        return change.record
    known = {field_id: value for field_id, value in change.record.items() if field_id not in SYSTEM_STAMPS}
    return known | {field_id: each.before for field_id, each in (change.diff or {}).items()}
