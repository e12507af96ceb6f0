"""Files: in records, or temporary until a record, a discussion or a comment takes them by their ids."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from service.fusioo import answers, endpoints
from service.fusioo.models import CreatedFile, FileInfo
from service.fusioo.protocol import Call, build_call
from service.transport.downloads import Download
from service.transport.streaming import Arriving
from service.transport.uploads import Content, Upload

_WITHIN = 3600.0
"""Seconds that a file may take altogether, unless something else is asked for."""


class Files:
    """`client.files`. Every method raises FusiooError (fusioo/errors).

    Files go through without ever being held in memory. The client's time limit is not for a whole file:
    `within` is, in seconds, while each step on the way has the limits of the HTTP client.
    """

    def __init__(
        self,
        perform: Callable[[Call], Awaitable[Any]],
        stream: Callable[[Call], AbstractAsyncContextManager[Arriving]],
    ) -> None:
        self._perform, self._stream = perform, stream

    async def get(self, file_id: str) -> FileInfo:
        """What Fusioo knows of a file. Raises NoSuchFileError, FileAccessDeniedError, AppNotFoundError."""
        data = await self._perform(build_call(endpoints.GET_FILE, ids={"file": file_id}))
        return answers.a_model(endpoints.GET_FILE, FileInfo, data)

    @asynccontextmanager
    async def download(self, file_id: str, *, within: float = _WITHIN) -> AsyncIterator[Download]:
        """Give a file's content piece by piece.

            async with client.files.download("ia4f42") as file:
                await file.save(Path(file.name or "file"))

        An error is raised before the first piece, as by `get`; a file that is cut short raises
        UnreachableError while it is read, if Fusioo announced its size (`Download.size`). Nothing is
        repeated once the answer has begun. What is done between two pieces counts towards `within`.
        """
        async with self._stream(
            build_call(endpoints.DOWNLOAD_FILE, ids={"file": file_id}, within=within)
        ) as arriving:
            file = Download(arriving)
            try:
                yield file
            finally:
                file.close()

    async def create(
        self,
        content: Content,
        *,
        name: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
        record_id: str | None = None,
        field_id: str | None = None,
        within: float = _WITHIN,
    ) -> CreatedFile:
        """Send a file: into a file field of a record, or as a temporary file that is deleted after 2 days.

        A path tells its `name` and `size`; bytes and async iterables need a `name`. The `content_type` is
        guessed from the name. Raises FileTypeInvalidError, FileTooLargeError, StorageFullError; ValueError
        without a name, or where only one of `record_id` and `field_id` is given: the API would make a
        temporary file; OSError where the path can't be read.
        """
        if (record_id is None) != (field_id is None):
            raise ValueError("a file in a record needs both record_id and field_id; a temporary one neither")
        upload = await Upload.of(content, name=name, content_type=content_type, size=size)
        query = {"recordId": record_id, "fieldId": field_id}
        call = build_call(endpoints.CREATE_FILE, query=query, upload=upload, within=within)
        try:
            return answers.a_model(endpoints.CREATE_FILE, CreatedFile, await self._perform(call))
        finally:
            upload.close()

    async def delete(self, file_id: str) -> None:
        """Delete a file, in a record or one's own temporary one.

        Raises NoSuchFileError, FileAccessDeniedError, CannotUpdateError, RecordNotFoundError.
        """
        await self._perform(build_call(endpoints.DELETE_FILE, ids={"file": file_id}))
