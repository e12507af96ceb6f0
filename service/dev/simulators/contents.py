"""The bytes of files: small ones in memory, big ones in unnamed files that vanish with the process."""

import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

_MOST_IN_MEMORY = 1 << 20
_PIECE = 1 << 16


class Content:
    """Grows while it is received, then stays."""

    def __init__(self, content: bytes = b"") -> None:
        self.size = 0
        self._memory = bytearray()
        self._disk: IO[bytes] | None = None
        if content:
            self.append(content)

    def append(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self.size += len(piece)
        if self._disk is None and self.size <= _MOST_IN_MEMORY:
            self._memory += piece
            return
        if self._disk is None:
            self._disk = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this object)
            weakref.finalize(self, self._disk.close)
            self._disk.write(self._memory)
            self._memory.clear()
        self._disk.write(piece)

    def pieces(self) -> Iterator[bytes]:
        """Read it from the beginning; several may read at once."""
        if self._disk is None:
            yield bytes(self._memory)
            return
        self._disk.flush()
        for offset in range(0, self.size, _PIECE):
            yield os.pread(self._disk.fileno(), _PIECE, offset)
