"""Receives the form of Add File as it comes, and refuses a file that is too big."""

from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request

from service.dev.simulators.contents import Content
from service.dev.simulators.multipart import MultipartReader, PartBegins, PartData
from service.dev.simulators.onspring.answers import RefusedCallError, bad

_FILE = "file"
_LONGEST_VALUE = 65_536


@dataclass
class Upload:
    """A form that was received whole; the names of its values are in small letters."""

    file: PartBegins | None = None
    content: Content = field(default_factory=Content)
    values: dict[str, str] = field(default_factory=dict)


async def receive_form(request: Request, longest_file: int) -> Upload:
    """Read the body to its end. Raises RefusedCallError (400, 413)."""
    try:
        return await _read(request, longest_file)
    except ValueError as error:
        raise bad(str(error)) from error


async def _read(request: Request, longest_file: int) -> Upload:
    """Keep of a file that is too big no more than shows it: who is still sending would miss the answer."""
    reader = MultipartReader(request.headers.get("content-type", ""))
    form, name, texts = Upload(), "", dict[str, bytearray]()
    async for piece in request.stream():
        for event in reader.feed(piece):
            match event:
                case PartBegins():
                    name = event.name.lower()
                    if name == _FILE:
                        form.file = event
                    else:
                        texts[name] = bytearray()
                case PartData() if name == _FILE and form.content.size <= longest_file:
                    form.content.append(event.content)
                case PartData() if name != _FILE:
                    texts[name] += event.content
                    if len(texts[name]) > _LONGEST_VALUE:
                        raise ValueError(f"the value of {name} is too long")
                case _:
                    pass
    reader.close()
    if form.content.size > longest_file:
        raise RefusedCallError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is too large.")
    form.values = {key: bytes(content).decode() for key, content in texts.items()}
    return form
