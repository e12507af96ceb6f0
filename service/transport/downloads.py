"""A file on its way from a provider."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from service.transport.naming import name_in
from service.transport.streaming import Arriving


class Download:
    """A file's content, piece by piece. It can be read once, by `async for` or `save`, until it is closed."""

    def __init__(self, arriving: Arriving) -> None:
        self._parts: AsyncIterator[bytes] | None = arriving.parts
        self.size = arriving.size
        """In bytes; None: it was not announced, so a cut may look like the end."""
        self.content_type = arriving.headers.get("content-type", "application/octet-stream")
        self.name = name_in(arriving.headers.get("content-disposition", ""))
        """Without any folder; None: it was not said (what the API knows of the file may tell)."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the pieces. Raises RuntimeError the second time, and after the end of its `async with`."""
        if self._parts is None:
            raise RuntimeError("the file was read already, or its `async with` is over: download it again")
        parts, self._parts = self._parts, None
        return parts

    def close(self) -> None:
        """Let nobody begin to read any more."""
        self._parts = None

    async def save(self, path: Path) -> int:
        """Write the file to a path, which appears, or is replaced, only when everything is there.

        Gives the number of bytes. Raises OSError where it can't be written, and what reading raises.
        """
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        written = 0
        file = await asyncio.to_thread(partial.open, "xb")
        try:
            with file:
                async for part in self:
                    written += await asyncio.to_thread(file.write, part)
            await asyncio.to_thread(partial.replace, path)
        finally:
            partial.unlink(missing_ok=True)
        return written

    def __repr__(self) -> str:
        return f"Download({self.name!r}, {self.size} bytes)"
