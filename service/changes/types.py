"""Values that travel from a provider's answer to a handler. Pure: no I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

Fields = Mapping[str, Any]
"""A record as the API gave it: field id → JSON value, untouched. `id` is among them."""


class Kind(StrEnum):
    """What happened to a record; also what a registration's URL says of its deliveries."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Origin(StrEnum):
    """How we came to look at the record."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"
    ECHO = "echo"


class FieldDiff(NamedTuple):
    """One field that differs; a missing side is None."""

    before: Any
    after: Any


Diff = Mapping[str, FieldDiff]
"""Only the fields that differ, by field id."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider's source says of the records that it was asked for.

    Every id asked for is in exactly one of the three.
    """

    found: Mapping[str, Fields] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    """Known to exist, but our credentials may not read them (only a look at one record alone tells)."""


@dataclass(frozen=True, slots=True)
class App:
    """An app of a provider: its id and its name as last seen."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """What we found out about one record, as rules and handlers see it (CONTRACT §6)."""

    id: UUID
    account: str
    provider: str
    app: App
    record_id: str
    kind: Kind
    origin: Origin
    version: int
    """Starts at 1 per record and grows by one with every change, deletes included."""
    record: Fields | None
    """The API's values untouched; on delete the last known state, or None."""
    diff: Diff | None
    """None on create, first sight and delete."""
    created_at: datetime
    """When the change was stored (aware, the database's clock)."""
    restored: bool = False
    echoed: frozenset[str] = frozenset()
    """Fields of a diff that our own handlers wrote, where others were edited by somebody else."""
    deliveries: int = 0
    """How many deliveries this change settled."""
    linked: Mapping[str, tuple[Fields, ...]] = field(default_factory=dict)
    """By the paths of the rule's `expand` (`client`, `client.owner`), the linked records in their order."""
    gaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By path, the ids of linked records that were not to be had; empty: `linked` is whole."""
