"""The records of the measured apps: a task with a dozen fields, as the provider answers it."""

from typing import Any

FIELDS = ("title", "notes", "priority", "due_date", "responsible", "status", "approved", "estimate", "client")
BEFORE, AFTER = "In progress", "Done"
"""A task's status when it was last seen, and what the provider answers now."""


def task(record_id: str, *, status: str) -> dict[str, Any]:
    """One record, system fields included."""
    return {
        "id": record_id,
        "title": f"Task {record_id}",
        "notes": "<p>Go through the figures of last month, and write to whoever has not sent theirs.</p>",
        "priority": ["High"],
        "due_date": "2026-12-24",
        "responsible": ["Sarah May"],
        "status": [status],
        "approved": True,
        "estimate": 4.5,
        "client": ["i0123456789abcdef0123456789abcdef"],
        "created": "2026-01-05T08:00:00",
        "last_modified": "2026-11-20T16:45:12",
        "created_by": ["John Doe"],
        "last_modified_by": ["Sarah May"],
    }
