"""Which records one call asks for. Pure.

The oldest due delivery decides the class of the batch; others of its class ride along. Records announced as
deleted go in batches of their own, and a record that several batches did not find is asked for alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from service.changes.decision import ALONE_AT, Hint
from service.changes.types import Kind


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that may be looked at now."""

    hint: Hint
    record_id: str

    @property
    def received_at(self) -> datetime:
        """When we received it."""
        return self.hint.received_at


class BatchClass(Enum):
    """What a batch asks for."""

    DELETED = "deleted"
    CHANGED = "changed"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one call, with the deliveries that led to it."""

    kind: BatchClass
    deliveries: dict[str, list[DueDelivery]]
    """By record id, in the order in which they became due."""

    @property
    def record_ids(self) -> list[str]:
        return list(self.deliveries)


def choose_batch(due: Sequence[DueDelivery], size: int) -> Batch | None:
    """Choose at most `size` records out of due deliveries, the longest due first; None when none is due."""
    by_record: dict[str, list[DueDelivery]] = {}
    for delivery in due:
        by_record.setdefault(delivery.record_id, []).append(delivery)
    if not by_record:
        return None
    classes = {record_id: _class_of(deliveries) for record_id, deliveries in by_record.items()}
    kind = next(iter(classes.values()))
    most = 1 if kind is BatchClass.ALONE else size
    chosen = [record_id for record_id in by_record if classes[record_id] is kind][:most]
    return Batch(kind, {record_id: by_record[record_id] for record_id in chosen})


def doubted(due: Iterable[DueDelivery]) -> list[int]:
    """Give the ids of the deliveries for which a record must be asked for alone."""
    return [delivery.hint.id for delivery in due if delivery.hint.looks == ALONE_AT]


def _class_of(deliveries: Sequence[DueDelivery]) -> BatchClass:
    if any(delivery.hint.kind is Kind.DELETE for delivery in deliveries):
        return BatchClass.DELETED
    if any(delivery.hint.looks == ALONE_AT for delivery in deliveries):
        return BatchClass.ALONE
    return BatchClass.CHANGED
