"""The event loop of a worker process, in a thread of its own, and a watch over it."""

import logging
import threading
import time

import uvloop
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread


class LoopThread(EventLoopThread):
    """Dramatiq's event loop thread, on uvloop. Its async actors run here once `begin` was called."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__))
        self.loop.close()
        self.loop = uvloop.new_event_loop()

    def begin(self) -> None:
        """Start the loop and make it the one that Dramatiq's async actors run on."""
        self.start(timeout=5)
        set_event_loop_thread(self)

    def end(self) -> None:
        """Stop the loop; whatever still runs on it is cut off."""
        set_event_loop_thread(None)
        self.stop()  # type: ignore[no-untyped-call]  # Dramatiq's, untyped


class LoopWatch:
    """Tells when a handler blocks the loop: it stops all others then, but not the beats."""

    def __init__(self, thread: LoopThread, *, patience: float) -> None:
        """Take after how many seconds without a turn the loop counts as stuck."""
        self._loop, self._patience = thread.loop, patience
        self._turned_at = time.monotonic()
        self._asked = threading.Event()

    def is_stuck(self) -> bool:
        """Ask the loop for a turn, and tell whether it has given none for too long. Call it regularly."""
        if not self._asked.is_set():
            self._asked.set()
            self._turned_at = time.monotonic()
            self._loop.call_soon_threadsafe(self._asked.clear)
        return time.monotonic() - self._turned_at > self._patience
