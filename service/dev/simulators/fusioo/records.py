"""One record: its versions, and how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Values = Mapping[str, Any]
"""A record's own fields that hold a value: field id → JSON value."""


class Happening(StrEnum):
    """What was done to a record; a webhook has one flag for each."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it was from `at` on."""

    at: datetime
    values: Values
    last_modified: datetime
    last_modified_by: str
    deleted: bool = False


@dataclass(slots=True)
class Record:
    """One record; its last version is the truth."""

    id: str
    app_id: str
    created: datetime
    created_by: str
    versions: list[Version]
    number: int = 0
    """How many records were made before it."""

    @property
    def now(self) -> Version:
        return self.versions[-1]

    def at(self, moment: datetime) -> Version | None:
        """Find the version that stood at `moment`; None before the record was created."""
        return next((version for version in reversed(self.versions) if version.at <= moment), None)

    def value(self, version: Version, field_id: str) -> Any:
        """Find the value of one field, the system's included; None where it is empty."""
        match field_id:
            case "created":
                return stamp(self.created)
            case "last_modified":
                return stamp(version.last_modified)
            case "created_by":
                return [self.created_by]
            case "last_modified_by":
                return [version.last_modified_by]
            case _:
                return version.values.get(field_id)

    def to_json(self, version: Version) -> dict[str, Any]:
        """Show the record with all its fields, the empty ones left out."""
        return {
            "id": self.id,
            **version.values,
            "created": stamp(self.created),
            "last_modified": stamp(version.last_modified),
            "created_by": [self.created_by],
            "last_modified_by": [version.last_modified_by],
        }


def stamp(moment: datetime) -> str:
    """Write a system stamp: UTC without an offset, whole seconds (the page's samples)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
