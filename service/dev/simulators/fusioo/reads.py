"""Which version of a record a read shows, where reads lag behind writes."""

from datetime import datetime, timedelta

from service.dev.simulators.chances import Chances
from service.dev.simulators.faults import ReadFaults
from service.dev.simulators.fusioo.records import Record, Version


def version_seen(record: Record, faults: ReadFaults, now: datetime, chances: Chances) -> Version | None:
    """Find the version of a record that a read shows `now`; None where it shows none."""
    if not faults.absent_seconds and not faults.stale_seconds:
        return record.now
    part = chances.share_of(f"lag of {record.id}") if faults.spread else 1.0
    written = record.created if faults.absent_after == "create" else record.now.at
    if now - written < timedelta(seconds=faults.absent_seconds * part):
        return None
    return record.at(now - timedelta(seconds=faults.stale_seconds * part))
