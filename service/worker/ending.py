"""How a worker process ends."""

import os
import sys
import threading
from typing import NoReturn


def end_process(code: int) -> NoReturn:
    """End this process with an exit code, also when a thread of a handler does not end."""
    sys.stdout.flush()
    sys.stderr.flush()
    if any(not one.daemon and one is not threading.main_thread() for one in threading.enumerate()):
        os._exit(code)
    sys.exit(code)
