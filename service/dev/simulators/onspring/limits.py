"""How much may be asked for at once: what Onspring's page says of 499, and a 400 that was seen."""

import json
from typing import Any

from service.dev.simulators.onspring.answers import GATEWAY_GAVE_UP, TOO_LARGE, RefusedCallError, bad
from service.dev.simulators.onspring.state import OnspringState


def must_be_quick(state: OnspringState, count: int) -> None:
    """Raise RefusedCallError (499) where so many records take the gateway too long."""
    slowest = state.settings.slowest_count
    if slowest is not None and count > slowest:
        raise RefusedCallError(GATEWAY_GAVE_UP)


def within_limits(state: OnspringState, answer: dict[str, Any]) -> dict[str, Any]:
    """Give the answer back. Raises RefusedCallError (400) if it is too large."""
    largest = state.settings.largest_answer
    if largest is not None and len(json.dumps(answer)) > largest:
        raise bad(TOO_LARGE)
    return answer
