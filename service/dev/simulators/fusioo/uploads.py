"""Receives the one file of a multipart upload as it comes, and refuses what the page says is refused."""

from dataclasses import dataclass

from starlette.requests import Request

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.envelope import Code, RefusedCallError, invalid
from service.dev.simulators.fusioo.quotas import Quotas
from service.dev.simulators.multipart import MultipartReader, PartBegins, PartData

_PART = "file"


@dataclass(frozen=True)
class Upload:
    """A file that was received whole."""

    name: str
    content_type: str
    content: Content


async def receive_upload(request: Request, quotas: Quotas, stored_bytes: int) -> Upload:
    """Read the body to its end. Raises RefusedCallError (30050, 30251 to 30254)."""
    try:
        begun, content = await _read(request, quotas.file_bytes)
    except ValueError as error:
        raise invalid([{"field": _PART, "message": str(error)}]) from error
    if not begun:
        raise invalid([{"field": _PART, "message": "the form has no part named file"}])
    if len(begun) > 1:
        raise RefusedCallError(Code.TOO_MANY_FILES)
    name = begun[0].filename or "file"
    if name.rpartition(".")[2].lower() in quotas.refused_extensions:
        raise RefusedCallError(Code.FILE_TYPE_REFUSED)
    if content.size > quotas.file_bytes:
        raise RefusedCallError(Code.FILE_TOO_BIG)
    if stored_bytes + content.size > quotas.storage_bytes:
        raise RefusedCallError(Code.STORAGE_FULL)
    return Upload(name, begun[0].content_type, content)


async def _read(request: Request, longest: int) -> tuple[list[PartBegins], Content]:
    """Read the parts named `file`; keep the first one's bytes, and no more than show that it is too long."""
    reader = MultipartReader(request.headers.get("content-type", ""))
    begun: list[PartBegins] = []
    content, wanted = Content(), False
    # A refused upload is read to its end all the same: who is still sending would miss the answer.
    async for piece in request.stream():
        for event in reader.feed(piece):
            match event:
                case PartBegins():
                    wanted = event.name == _PART and not begun
                    begun += [event] if event.name == _PART else []
                case PartData() if wanted and content.size <= longest:
                    content.append(event.content)
                case _:
                    pass
    reader.close()
    return begun, content
