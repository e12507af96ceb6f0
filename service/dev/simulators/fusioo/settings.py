"""What is not known of the real provider, or differs by account: settings of the simulator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.dev.simulators.fusioo.records import Happening, Record


def body_with_id(record: Record) -> dict[str, Any]:
    """Build a delivery's body as one public receiver expects it."""
    return {"id": record.id}


@dataclass
class FusiooSettings:
    """Each default is documented or the likeliest guess; tests change them to try the others."""

    calls_per_window: int = 500
    """Documented: 500 calls an hour in a moving window, per company."""
    window: timedelta = timedelta(hours=1)
    secret_header: str = "X-Fusioo-Secret"  # noqa: S105 (the name of a header)
    delivery_body: Callable[[Record], Any] = body_with_id
    delivery_timeout: float = 10.0
    """Seconds until the provider gives a delivery up; it never tries again."""
    api_writes_fire: bool = True
    """Whether a write through the API is told to webhooks like one by a person."""
    restore_fires: Happening | None = Happening.CREATE
    """What a restore from the trash is told as; None: not at all."""
    refusal_status: int | None = None
    """One HTTP status for all 30xxx codes (200 is possible); None: 404 for not found, else 400."""
    empty_as_null: bool = False
    """Whether a record shows its empty fields as null, or leaves them out."""
    longest_url: int | None = None
    """Characters of path and query above which an upstream answers 414; None: no limit."""
