"""A provider that has every record, as cheap as can be: `python -m benchmarks.provider FD` listens there.

It stands in for the simulator where that would be the bottleneck: the simulator looks through all records of
an app for each call, as it knows filters; this one makes what is asked for out of its id. It answers at once.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import uvicorn
from starlette.types import Receive, Scope, Send

from benchmarks.processes import LOOPBACK, Running, listening, running
from benchmarks.tasks import AFTER, task

_SUCCESS = 10000
"""Fusioo's return code of a call that succeeded (vendor's page, "Return codes")."""


class Provider:
    """`POST /v3/records/apps/{app}/filter?ids=[…]`: all of them are there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        (ids,) = parse_qs(scope["query_string"].decode())["ids"]
        found = [task(record_id, status=AFTER) for record_id in ids.strip("[]").split(",")]
        body = json.dumps({"code": _SUCCESS, "message": "Success", "data": found}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def running_provider(directory: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """Run it while the block runs; gives it, and what a measured relay needs to know of it."""
    with listening() as listener:
        command = [sys.executable, "-m", "benchmarks.provider", str(listener.fileno())]
        with running(
            "provider",
            command,
            directory=directory,
            environment={"PATH": os.defpath},
            pass_fds=(listener.fileno(),),
        ) as process:
            url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/v3"
            # What is sent before it listens waits in the socket's backlog.
            yield process, {"BENCHMARK_PROVIDER": url, "BENCHMARK_TOKEN": "benchmark"}


def main(descriptor: int) -> None:
    """Serve until SIGTERM."""
    config = uvicorn.Config(
        Provider(), http="httptools", loop="uvloop", ws="none", lifespan="off", access_log=False
    )
    with socket.socket(fileno=descriptor) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]))
