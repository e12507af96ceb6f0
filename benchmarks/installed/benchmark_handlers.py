"""The handlers of the measured relay; found beside its relay.yaml, as a user's are."""

import asyncio
import json
import os
import socket
import time

from service.handlers import Change, Context, handler


@handler
async def tell(change: Change, _ctx: Context) -> None:
    """Tell the benchmark when this began: `{"record_id", "at"}`, `at` in nanoseconds since 1970."""
    at = time.time_ns()
    told = json.dumps({"record_id": change.record_id, "at": at})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(told.encode(), ("127.0.0.1", int(os.environ["BENCHMARK_SINK"])))


@handler
async def rest(_change: Change, _ctx: Context) -> None:
    """Do nothing."""


@handler
async def raises(_change: Change, _ctx: Context) -> None:
    """Fail."""
    raise RuntimeError("as always")


@handler
async def garbage(_change: Change, _ctx: Context) -> object:
    """Return what nobody asked for."""
    return {b"\xff": [object()] * 1000}


@handler
async def hangs(_change: Change, _ctx: Context) -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


@handler
def stubborn(_change: Change, _ctx: Context) -> None:
    """Go on where nobody can stop it, for three seconds."""
    time.sleep(3)


@handler
async def blocks(_change: Change, _ctx: Context) -> None:
    """Keep the event loop, and so everybody in this process, from going on."""
    time.sleep(0.3)  # noqa: ASYNC251  that is the point
