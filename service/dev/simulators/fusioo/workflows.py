"""The workflow action "Send Webhook": made by a person in the editor, it stands on no page of the API.

Its body is a table of the record (`delivery_bodies.workflow_body`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.dev.simulators.fusioo.filters import matches
from service.dev.simulators.fusioo.records import Happening, Record
from service.dev.simulators.fusioo.schema import App


@dataclass
class Workflow:
    """One workflow of one app: its trigger, its conditions, and where it sends."""

    id: str
    name: str
    app: App
    url: str
    secret: str
    happenings: frozenset[Happening]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    """As the body of a filter call."""

    def wants(self, happening: Happening, record: Record) -> bool:
        """Say whether what was done to the record starts the workflow."""
        if record.app_id != self.app.id or happening not in self.happenings:
            return False
        asked = {field_id: record.value(record.now, field_id) for field_id in self.conditions}
        return matches(self.app, self.conditions, asked, record.now.at)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "app_id": self.app.id,
            "url": self.url,
            "secret": self.secret,
            "on": sorted(self.happenings),
            "conditions": dict(self.conditions),
        }
