"""One worker process: answers the doorbells of one queue. The supervisor starts it, as a module."""

import argparse
import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from types import FrameType
from typing import Any, TypeVar

import structlog
from dramatiq import Worker

from service.config import LogFormat, Settings, read_settings
from service.errors import ConfigurationError, RelayError
from service.observability.logging import configure_logging
from service.queue.broker import make_broker
from service.queue.messages import QueueName
from service.worker.actors import declare_actor
from service.worker.ending import end_process
from service.worker.exits import CUT_OFF, FAILED, STOPPED, STUCK, meaning_of
from service.worker.kept import read_kept
from service.worker.loop import LoopThread, LoopWatch
from service.worker.resources import OpenResources, Resources, open_resources
from service.worker.started import say_ready, say_retiring, stay_in_touch

T = TypeVar("T")


def _tell_nobody() -> None:
    """Tell nobody how it is."""


_LOOK_EVERY = 0.2
_CONSUMERS_END_WITHIN = 500
"""Milliseconds."""
_CLOSING_TIME = 3.0
STUCK_AFTER = 60.0
"""Seconds without a turn of the event loop after which the process gives up."""


class WorkerProcess:
    """Everything between the start and the end of one worker process, in this order.

    loop · resources (engine, beats, clients, handlers) · consumers · work · consumers · resources · loop
    """

    def __init__(
        self,
        settings: Settings,
        queue: QueueName,
        *,
        threads: int,
        grace: float,
        stop: threading.Event,
        cut_off: threading.Event,
        open_resources: OpenResources = open_resources,
        say_ready: Callable[[], None] = _tell_nobody,
        say_retiring: Callable[[], None] = _tell_nobody,
        stuck_after: float = STUCK_AFTER,
    ) -> None:
        """Take how many doorbells are answered at once, and how many seconds they have at the end.

        `stop` asks for that end, `cut_off` that it comes at once; `say_ready` is called when doorbells are
        answered. `say_retiring`: when one of its handlers can't be ended. It goes on for the others until it
        is asked to end; `say_ready` is called again if the handler has ended after all.
        """
        if settings.redis_url is None:
            raise ConfigurationError("REDIS_URL is not set", place="environment")
        self._settings, self._queue, self._threads = settings, queue, threads
        self._grace, self._stuck_after = grace, stuck_after
        self._stop, self._cut_off = stop, cut_off
        self._open_resources = open_resources
        self._say_ready, self._say_retiring = say_ready, say_retiring
        self._broker = make_broker(settings.redis_url)
        self._loop = LoopThread()

    def run(self) -> int:
        """Work until `stop` is set, and return the exit code. Raises what opening the resources raises."""
        self._loop.begin()
        resources = self._open()
        if resources is None:
            return STOPPED
        for name, answer in resources.answers.items():
            declare_actor(self._broker, self._queue, answer, name=name)
        worker = self._start_worker()
        log = structlog.get_logger().bind(queue=self._queue.value)
        log.info("worker.opened", threads=self._threads)
        self._say_ready()
        code = self._watch(resources)
        log.info("worker.stopped_listening", reason=meaning_of(code))
        resources.wind_down()
        self._let_finish(worker, 0.0 if code == STUCK else self._grace)
        self._close(resources)
        self._broker.close()
        return code

    def _start_worker(self) -> Worker:
        worker = Worker(
            self._broker,
            queues={self._queue.value},
            worker_timeout=max(1, round(self._settings.poll_every.total_seconds() * 1000)),
            worker_threads=self._threads,
        )
        worker.queue_prefetch = self._threads  # what can't begin here at once, another process could have had
        worker.start()
        return worker

    def _open(self) -> Resources | None:
        """Wait until the resources are open. None: asked to stop meanwhile, and nothing is open any more."""
        opening = self._submit(self._open_until_stopped())
        deadline: float | None = None
        while deadline is None or time.monotonic() < deadline:
            try:
                return opening.result(timeout=_LOOK_EVERY)
            except FutureTimeoutError:
                if opening.done():  # and then it was the opening itself that ran out of time
                    return opening.result()
            if deadline is None and self._stop.is_set():
                deadline = time.monotonic() + _CLOSING_TIME
        return None

    async def _open_until_stopped(self) -> Resources | None:
        opening = asyncio.ensure_future(self._open_resources(self._settings, self._queue, self._threads))
        while not self._stop.is_set():
            await asyncio.wait({opening}, timeout=_LOOK_EVERY)
            if opening.done():
                return opening.result()
        opening.cancel()  # it closes what it has opened: no row of this process must be left to time out
        await asyncio.wait({opening})
        return None if opening.cancelled() else opening.result()

    def _let_finish(self, worker: Worker, grace: float) -> None:
        """Begin no doorbell any more, and wait for those in hand as long as they may take."""
        self._broker.take_no_more()
        for thread in worker.workers:
            thread.stop()
        deadline = time.monotonic() + grace
        for thread in worker.workers:
            while thread.is_alive() and time.monotonic() < deadline and not self._cut_off.is_set():
                thread.join(_LOOK_EVERY)
        worker.stop(timeout=_CONSUMERS_END_WITHIN)

    def _watch(self, resources: Resources) -> int:
        watch = LoopWatch(self._loop, patience=self._stuck_after)
        retiring = False
        while not self._stop.wait(_LOOK_EVERY):
            if watch.is_stuck():
                return STUCK
            stuck = resources.stuck_handlers()
            if bool(stuck) != retiring:
                retiring = not retiring
                self._tell_of_retiring(sorted(stuck))
        return STOPPED

    def _tell_of_retiring(self, handlers: Sequence[str]) -> None:
        log = structlog.get_logger().bind(queue=self._queue.value)
        if handlers:
            log.warning("worker.retired", handlers=handlers)
            self._say_retiring()
        else:
            log.info("worker.recovered")
            self._say_ready()

    def _close(self, resources: Resources) -> None:
        # Whatever still runs may go on until the process ends, but its leases are free from here on.
        try:
            self._submit(resources.close()).result(timeout=_CLOSING_TIME)
            self._loop.end()
        except Exception:  # noqa: BLE001  whichever part could not be closed, the leases must be freed
            structlog.get_logger().exception("worker.close_failed", queue=self._queue.value)
            resources.heartbeat.stop()

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop.loop)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and the environment, work until asked to stop, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, required=True, help="doorbells answered at once")
    parser.add_argument("--grace", type=float, required=True, help="seconds for what runs at the end")
    parser.add_argument(
        "--rules", type=int, help="where the parent keeps the configuration (default: read it)"
    )
    parser.add_argument("queue", type=QueueName, choices=list(QueueName))
    parser.add_argument("lifeline", type=int, help="a pipe that ends together with the parent")
    given = parser.parse_args(arguments)
    stop, cut_off = threading.Event(), threading.Event()

    def asked(number: int, _frame: FrameType | None) -> None:
        if number == CUT_OFF:
            cut_off.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, CUT_OFF):
        signal.signal(number, asked)
    signal.signal(signal.SIGHUP, _leave_it_to_the_parent)
    threading.Thread(target=_follow_parent, args=(given.lifeline, stop), daemon=True).start()
    try:
        settings = read_settings()
        configure_logging(json=settings.log_format is LogFormat.JSON, level=settings.log_level)
        return WorkerProcess(
            settings,
            given.queue,
            threads=given.threads,
            grace=given.grace,
            stop=stop,
            cut_off=cut_off,
            open_resources=partial(
                open_resources, files=None if given.rules is None else read_kept(given.rules)
            ),
            say_ready=partial(say_ready, given.lifeline),
            say_retiring=partial(say_retiring, given.lifeline),
        ).run()
    except RelayError as error:
        structlog.get_logger().error("worker.failed", queue=given.queue.value, error=str(error))
    except Exception:  # noqa: BLE001  the edge of the process: the parent tries again
        structlog.get_logger().exception("worker.failed", queue=given.queue.value)
    return FAILED


def _follow_parent(lifeline: int, stop: threading.Event) -> None:
    stay_in_touch(lifeline)
    stop.set()


def _leave_it_to_the_parent(_number: int, _frame: FrameType | None) -> None:
    """Whoever signals the whole group of processes means the parent: it replaces this one."""


if __name__ == "__main__":
    end_process(main())
