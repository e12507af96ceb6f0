"""How long records are left alone after a look: one that never rests must not eat the budget. Pure."""

from collections.abc import Mapping
from datetime import timedelta

from service.budget.pacing import Standing, looks_in_row, rest_after
from service.records.repository import LockedRecord, Rest


def rests_of(records: Mapping[str, LockedRecord], standing: Standing, *, first: timedelta) -> dict[str, Rest]:
    """Say it of locked records that are hinted at, by their ids. `first`: the rest after the first look."""
    seconds = first.total_seconds()
    rests = {}
    for record_id, record in records.items():
        since = None if record.since_seen is None else record.since_seen.total_seconds()
        in_row = looks_in_row(record.looks_in_row, since_last=since, standing=standing, first=seconds)
        rests[record_id] = Rest(in_row, rest_after(in_row, standing, first=seconds))
    return rests
