"""One file through the client, as a process: `python -m benchmarks.transfer DIRECTION URL PATH FILE_ID`.

Prints JSON: seconds, the most memory before and after in bytes, the file's id.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from benchmarks.simulator import TOKEN
from service.fusioo.client import FusiooClient

_WARM_UP = 1024 * 1024
_KIBI = 1024
_LONGEST_WAIT = 60.0


async def _transfer(direction: str, url: str, path: Path, file_id: str) -> dict[str, float | str]:
    async with FusiooClient.open(token=TOKEN, timeout=_LONGEST_WAIT, base_url=url) as client:
        await _warm_up(client, path)
        before, started = _most_memory(), time.perf_counter()
        if direction == "up":
            file_id = (await client.files.create(path)).id
        else:
            async with client.files.download(file_id) as file:
                await file.save(path)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "before": before, "after": _most_memory(), "file_id": file_id}


async def _warm_up(client: FusiooClient, path: Path) -> None:
    """A small file both ways: what any transfer needs is loaded and connected then."""
    small = path.with_suffix(".small")
    made = await client.files.create(bytes(_WARM_UP), name="small.bin")
    async with client.files.download(made.id) as file:
        await file.save(small)
    await client.files.delete(made.id)
    small.unlink()


def _most_memory() -> int:
    """The most resident memory that this program ever had, in bytes: `VmHWM` in kB (proc(5)).

    Not getrusage(2), whose maximum begins with that of the program that started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    told = next(line for line in lines if line.startswith("VmHWM:"))
    return int(told.split()[1]) * _KIBI


if __name__ == "__main__":
    told = asyncio.run(_transfer(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
    print(json.dumps(told))
