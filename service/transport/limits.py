"""What a call to a provider may take."""

import math
from dataclasses import dataclass

from service.transport.retrying import Retries


@dataclass(frozen=True, slots=True)
class Limits:
    """What a call may take: seconds with all its repetitions, bytes of its answer, attempts."""

    timeout: float
    max_bytes: int
    retries: Retries


def check_time_limit(seconds: float) -> float:
    """Give the time limit of a call back. Raises ValueError where it is none."""
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"a call's time limit must be a number of seconds above 0, not {seconds}")
    return seconds
