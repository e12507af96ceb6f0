"""The files in attachment and image fields of records."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from pydantic import TypeAdapter

from service.onspring import endpoints
from service.onspring.answers import shaped
from service.onspring.models import CreatedFile, FileInfo
from service.onspring.protocol import Call, build_call
from service.onspring.resources.listing import Perform
from service.onspring.values import write_moment
from service.transport.downloads import Download
from service.transport.streaming import Arriving
from service.transport.uploads import Content, Upload

_WITHIN = 3600.0
"""Seconds that a file may take altogether, unless something else is asked for."""
_INFO = TypeAdapter(FileInfo)
_CREATED = TypeAdapter(CreatedFile)


class Files:
    """`client.files`. Every method raises OnspringError (onspring/errors).

    A file is named by its record, field and own id. A field that holds no files raises BadRequestError, one
    that the key's role may not read or write AccessDeniedError, no such file NoSuchThingError.
    """

    def __init__(
        self, perform: Perform, stream: Callable[[Call], AbstractAsyncContextManager[Arriving]]
    ) -> None:
        self._perform, self._stream = perform, stream

    async def get(self, record_id: int, field_id: int, file_id: int) -> FileInfo:
        """What is known of a file, apart from its content."""
        ids = {"record": record_id, "field": field_id, "file": file_id}
        data = await self._perform(build_call(endpoints.GET_FILE, ids=ids))
        return shaped(endpoints.GET_FILE, _INFO, data)

    @asynccontextmanager
    async def download(
        self, record_id: int, field_id: int, file_id: int, *, within: float = _WITHIN
    ) -> AsyncIterator[Download]:
        """Give a file's content piece by piece.

            async with client.files.download(1, 6989, 89) as file:
                await file.save(Path(file.name or "file"))

        An error is raised before the first piece; a file that is cut short raises UnreachableError while it
        is read, if its size was announced (`Download.size`). Nothing is repeated once the answer has begun.
        What is done between two pieces counts towards `within`, in seconds.
        """
        ids = {"record": record_id, "field": field_id, "file": file_id}
        async with self._stream(build_call(endpoints.DOWNLOAD_FILE, ids=ids, within=within)) as arriving:
            file = Download(arriving)
            try:
                yield file
            finally:
                file.close()

    async def create(
        self,
        record_id: int,
        field_id: int,
        content: Content,
        *,
        name: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
        notes: str = "",
        modified: datetime | None = None,
        within: float = _WITHIN,
    ) -> int:
        """Add a file to a field of a record; gives the file's id.

        A path tells its `name` and `size`; bytes and async iterables need a `name`. The `content_type` is
        guessed from the name. Raises FileTooLargeError above about 50 MB, ValueError without a name,
        UnfitValueError for a naive `modified`, OSError where the path can't be read.
        """
        values = {"RecordId": str(record_id), "FieldId": str(field_id), "Notes": notes}
        if modified is not None:
            values["ModifiedDate"] = write_moment(modified)
        upload = await Upload.of(
            content, name=name, content_type=content_type, size=size, part="File", values=values
        )
        call = build_call(endpoints.CREATE_FILE, upload=upload, within=within)
        try:
            return shaped(endpoints.CREATE_FILE, _CREATED, await self._perform(call)).id
        finally:
            upload.close()

    async def delete(self, record_id: int, field_id: int, file_id: int) -> None:
        """Delete a file from a field of a record."""
        ids = {"record": record_id, "field": field_id, "file": file_id}
        await self._perform(build_call(endpoints.DELETE_FILE, ids=ids))
