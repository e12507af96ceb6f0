"""Reads `multipart/form-data` (RFC 7578) piece by piece, so that a file of any size needs little memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

_LONGEST_HEADERS = 16_384
_PADDING = b"\r\n"


@dataclass(frozen=True)
class PartBegins:
    """A part with its name in the form; `filename` is None for a plain value."""

    name: str
    filename: str | None
    content_type: str


@dataclass(frozen=True)
class PartData:
    """Some more bytes of the part that began last."""

    content: bytes


Event = PartBegins | PartData


class MultipartReader:
    """Turns the pieces of a body into events, whichever way it was cut into pieces."""

    def __init__(self, content_type: str) -> None:
        """Raises ValueError if `content_type` (the header) names no multipart boundary."""
        header = Message()
        header["content-type"] = content_type
        boundary = header.get_boundary()
        if header.get_content_type() != "multipart/form-data" or not boundary:
            raise ValueError("the body must be multipart/form-data")
        self._delimiter = b"\r\n--" + boundary.encode()
        # The first delimiter may stand at the very beginning, without a line before it.
        self._buffer = b"\r\n"
        self._step = self._skip
        self._leading = 0
        """How many bytes of the kept line's end still stand before the part's content."""
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Read the next piece. Raises ValueError for what is not multipart."""
        self._buffer += piece
        while not self._ended:
            before = self._step
            events = self._step()
            yield from events
            if self._step == before and not self._ended:
                return

    def close(self) -> None:
        """Raise ValueError if the body ended too early."""
        if not self._ended:
            raise ValueError("the multipart body was cut short")

    def _skip(self) -> list[Event]:
        self._up_to_delimiter()
        return []

    def _headers(self) -> list[Event]:
        # The end of the delimiter's line belongs to the headers here: a part may have none.
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _LONGEST_HEADERS:
                raise ValueError("the headers of a part are too long")
            return []
        headers = HeaderParser().parsestr(self._buffer[:end].lstrip().decode("utf-8", "replace"))
        self._buffer = self._buffer[end + 2 :]  # keeps a line's end, for a delimiter that follows at once
        name = headers.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise ValueError("a part of the form has no name")  # noqa: TRY004 (a wrong body is a wrong value here)
        self._leading, self._step = len(_PADDING), self._data
        return [PartBegins(name, headers.get_filename(), headers.get_content_type())]

    def _data(self) -> list[Event]:
        taken = self._up_to_delimiter()
        content = taken[self._leading :]
        self._leading -= min(self._leading, len(taken))
        return [PartData(content)] if content else []

    def _up_to_delimiter(self) -> bytes:
        """Take what stands before the next delimiter, or as much as cannot belong to one."""
        found = self._buffer.find(self._delimiter)
        if found < 0:
            safe = max(len(self._buffer) - len(self._delimiter) + 1, 0)
            content, self._buffer = self._buffer[:safe], self._buffer[safe:]
            return content
        after = found + len(self._delimiter)
        follows = self._buffer[after : after + len(_PADDING)]
        content = self._buffer[:found]
        if len(follows) < len(_PADDING):
            self._buffer = self._buffer[found:]
            return content
        if follows == b"--":
            self._ended = True
        elif follows == _PADDING:
            self._step = self._headers
        else:
            raise ValueError("a boundary is followed by something else")
        self._buffer = self._buffer[after:]
        return content
