"""The conditions of a rule that hang on linked records, kept until these are there. Pure."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any, Self

from service.changes.types import Change
from service.rules.clause import Clause
from service.rules.clauses import Subject, when_clauses
from service.rules.expand import split_path
from service.rules.linked import Linked
from service.rules.section import Section, Zone
from service.rules.when import When


class KeptConditions(Section):
    """A rule's `when`, as it was when the rule matched as far as could be known then."""

    when: When
    timezone: Zone
    """That of the account."""

    @classmethod
    def of(cls, when: When, timezone: tzinfo) -> Self:
        """Take them from a rule."""
        return cls(when=when, timezone=timezone)

    def written(self) -> dict[str, Any]:
        """Give them as plain JSON. What was not written stays away, so that it reads back the same."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def first_miss(self, change: Change, linked: Linked) -> Clause | None:
        """Give the first clause that does not hold for a change and its linked records; None: all hold."""
        if change.record is None:
            raise ValueError("the record's last state is unknown")
        subject = Subject(change, change.record, change.created_at.astimezone(self.timezone), linked)
        return next((clause for clause in when_clauses(self.when, subject) if not clause.ok), None)


def linked_paths(when: When | None) -> tuple[str, ...]:
    """List the links that conditions follow, each once: `client` for `client.country`."""
    return tuple(dict.fromkeys(_paths(when))) if when is not None else ()


def _paths(when: When) -> Iterable[str]:
    for _, each in when.walk():
        for field_path in each.fields:
            *links, _field_id = split_path(field_path)
            if links:
                yield ".".join(links)
