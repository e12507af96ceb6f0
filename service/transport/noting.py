"""What a call is about to write, for whoever wants to know before it is sent."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """The create or the update of one record: at least one of the two ids is set."""

    fields: Mapping[str, Any]
    """As they are sent, by field id."""
    app_id: str | None = None
    """None: the provider is not told the app, as its record ids are its own in all apps."""
    record_id: str | None = None
    """None: a create, the provider gives the record's id."""


Noting = Callable[[Write], AbstractAsyncContextManager[None]]
"""Surrounds the call of a write. The call begins once it is entered; it sees what the call raises."""


def unnoted(_write: Write) -> AbstractAsyncContextManager[None]:
    """Let a write go without a note."""
    return nullcontext()
