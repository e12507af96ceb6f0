"""With which code a worker process ends, and what the parent says of it."""

import signal

STOPPED = 0
FAILED = 1
RETIRED = 70
"""A handler could not be ended: the process finished the others and made room for a fresh one."""
STUCK = 71
"""A handler blocked the event loop: the process gave up whatever it was doing."""


def meaning_of(code: int) -> str:
    """Say why a process ended, from its code (negative: the number of the signal that killed it)."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    known = {
        STOPPED: "stopped",
        FAILED: "could not start",
        RETIRED: "retired: one of its handlers could not be ended",
        STUCK: "stuck: one of its handlers blocked the event loop",
    }
    return known.get(code, f"exit code {code}")
