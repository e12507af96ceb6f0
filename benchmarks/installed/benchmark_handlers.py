"""The handlers of the measured relay; found beside its relay.yaml, as a user's are."""

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
