"""A file on its way to a provider: multipart/form-data, made piece by piece and never held in memory."""

import asyncio
import mimetypes
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Self, TypeAlias

from service.transport.errors import UnsendableRequestError

Content: TypeAlias = bytes | Path | AsyncIterable[bytes]
"""A file's content: at hand, in a file of this machine, or arriving from somewhere."""

_PIECE = 256 * 1024
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})  # as browsers do (HTML, form submission)


class Upload:
    """One file as the form that an API takes: `values` first, then the file, in a part called `part`.

    Iterating gives the body; whoever iterates calls `close` at the end. What comes from an async iterable can
    be sent only once, and in chunks unless its `size` is given in bytes. Iterating raises
    UnsendableRequestError where the content is longer or shorter than its size, and OSError where a file
    can't be read.
    """

    def __init__(
        self,
        content: Content,
        *,
        name: str,
        content_type: str | None,
        size: int | None,
        boundary: str,
        part: str = "file",
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        form = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        if not (name and form.isascii() and form.isprintable()):
            raise ValueError(f"a file needs a name and a content type in ASCII, not {name!r} and {form!r}")
        self._content, self._size = content, size
        self._file: BinaryIO | None = None
        called = name.translate(_ESCAPES)
        before = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in values.items()
        )
        self._head = (
            f'{before}--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{called}"\r\n'
            f"Content-Type: {form}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={boundary}"

    @classmethod
    async def of(
        cls,
        content: Content,
        *,
        name: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
        boundary: str | None = None,
        part: str = "file",
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Make the upload of a content: a path tells its name and size by itself.

        Raises ValueError where there is no name, and OSError for a path that can't be read.
        """
        if isinstance(content, bytes):
            size = len(content)
        elif isinstance(content, Path):
            size = (await asyncio.to_thread(content.stat)).st_size
            name = name or content.name
        return cls(
            content,
            name=name or "",
            content_type=content_type,
            size=size,
            boundary=boundary or secrets.token_hex(16),
            part=part,
            values=values,
        )

    @property
    def length(self) -> int | None:
        """How many bytes the whole body has; None: not known before it is sent."""
        return None if self._size is None else len(self._head) + self._size + len(self._tail)

    @property
    def replayable(self) -> bool:
        """Whether it can be sent more than once."""
        return isinstance(self._content, bytes | Path)

    def close(self) -> None:
        """Close the file that is being read: whoever stops iterating in the middle leaves it open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._head
        sent = 0
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                sent += len(piece)
                if self._size is not None and sent > self._size:
                    raise UnsendableRequestError(
                        f"the file has more than the {self._size} bytes it should have"
                    )
                if piece:
                    yield piece
        if self._size is not None and sent < self._size:
            raise UnsendableRequestError(f"the file has {sent} of the {self._size} bytes it should have")
        yield self._tail

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        if isinstance(self._content, bytes):
            yield self._content
        elif isinstance(self._content, Path):
            self.close()
            self._file = file = await asyncio.to_thread(self._content.open, "rb")
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
            self.close()
        else:
            async for piece in self._content:
                yield piece
