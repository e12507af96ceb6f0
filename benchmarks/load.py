"""The load generator, a process of its own: `python -m benchmarks.load '{"port": …}'` prints its outcome.

Without a rate each connection sends its next request when the answer to the last one is there (closed loop).
With a rate requests are due at even distances, and one that finds its connection busy has waited since then.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_ACCEPTED = b"HTTP/1.1 202 "
_PATIENCE = 20.0  # seconds for the start of the generator and the last answers


@dataclass(frozen=True, slots=True)
class Load:
    """What to send; `rate` is requests a second over all connections, None for as many as are answered."""

    port: int
    path: str
    headers: dict[str, str]
    body: str
    seconds: float
    rate: float | None = None
    warm_up: float = 1.0
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: times in seconds; `sent` counts the warm-up too, `answered` does not."""

    sent: int
    answered: int
    rate: float
    p50: float
    p99: float
    busy: float
    """The generator's own share of one core: near 1 it would measure itself."""


def generate(load: Load) -> Outcome:
    """Run a generator and wait for its outcome. Raises CalledProcessError if any answer was not 202,
    TimeoutExpired if some never came.
    """
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(load))],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        check=True,
        timeout=load.warm_up + load.seconds + _PATIENCE,
    )
    return Outcome(**json.loads(done.stdout))


@dataclass(slots=True)
class _Tally:
    """What all connections share: the times of the round, and what they saw."""

    begin: float
    end: float
    sent: int = 0
    latencies: list[float] = field(default_factory=list)
    failure: Exception | None = None


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, request: bytes, tally: _Tally, *, first: float, gap: float | None) -> None:
        self._request, self._tally, self._due, self._gap = request, tally, first, gap
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._began = 0.0
        self.finished: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's
        self._send_when_due()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = _LENGTH.search(head)
        if not head.startswith(_ACCEPTED) or length is None:
            self._fail(RuntimeError(f"not a 202 with a length: {self._buffer[:200]!r}"))
        elif len(body) >= int(length[1]):
            self._buffer = b""
            self._note_answer()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self._fail(exc or ConnectionResetError("the server hung up"))

    def _note_answer(self) -> None:
        now = time.monotonic()
        if self._tally.begin <= now < self._tally.end:
            self._tally.latencies.append(now - self._began)
        if self._gap is None:
            self._due = now
        else:
            self._due += self._gap
        if max(now, self._due) >= self._tally.end:
            self._close()
        elif self._due > now:
            self._send_when_due()
        else:
            self._send(self._due)

    def _send_when_due(self) -> None:
        # Not call_at: uvloop's own clock counts whole milliseconds.
        self._loop.call_later(max(0.0, self._due - time.monotonic()), self._send, None)

    def _send(self, waiting_since: float | None) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._began = time.monotonic() if waiting_since is None else waiting_since
        self._tally.sent += 1
        self._transport.write(self._request)

    def _close(self) -> None:
        self.finished.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        self._tally.failure = self._tally.failure or error
        if not self.finished.done():
            self._close()


async def _run(load: Load) -> Outcome:
    loop = asyncio.get_running_loop()
    start = time.monotonic() + 0.2  # by then all are connected
    tally = _Tally(begin=start + load.warm_up, end=start + load.warm_up + load.seconds)
    request = _request(load)
    gap = load.connections / load.rate if load.rate else None
    connections = []
    for number in range(load.connections):
        first = start + (number / load.rate if load.rate else 0.0)
        made = _Connection(request, tally, first=first, gap=gap)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", load.port)  # type: ignore[misc]
        connections.append(made)
    cpu_at_begin: list[float] = []
    loop.call_later(tally.begin - time.monotonic(), lambda: cpu_at_begin.append(time.process_time()))
    await asyncio.gather(*(connection.finished for connection in connections))
    if tally.failure is not None:
        raise tally.failure
    busy = (time.process_time() - cpu_at_begin[0]) / load.seconds
    ordered = sorted(tally.latencies)
    return Outcome(
        sent=tally.sent,
        answered=len(ordered),
        rate=len(ordered) / load.seconds,
        p50=ordered[len(ordered) // 2],
        p99=ordered[len(ordered) * 99 // 100],
        busy=busy,
    )


def _request(load: Load) -> bytes:
    headers = {
        "Host": f"127.0.0.1:{load.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(load.body.encode())),
        **load.headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {load.path} HTTP/1.1\r\n{head}\r\n{load.body}".encode()


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_run(Load(**json.loads(sys.argv[1])))))))
