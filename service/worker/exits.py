"""How a worker process is told to hurry, with which code it ends, and what the parent says of it."""

import signal

CUT_OFF = signal.SIGUSR1
"""From the parent, after SIGTERM: end without waiting for what is being done. A second SIGTERM can't say
so: whoever signals the whole group of processes sends each child one beside the parent's.
"""

STOPPED = 0
FAILED = 1
REFUSED = 2
"""Of the check of a new configuration: it is wrong, which was said."""
STUCK = 71
"""A handler blocked the event loop: the process gave up whatever it was doing."""


def meaning_of(code: int) -> str:
    """Say why a process ended, from its code (negative: the number of the signal that killed it)."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    known = {
        STOPPED: "stopped",
        FAILED: "could not start",
        REFUSED: "found it wrong",
        STUCK: "stuck: one of its handlers blocked the event loop",
    }
    return known.get(code, f"exit code {code}")
