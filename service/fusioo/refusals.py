"""An error of the API where a file was asked for.

The page says only that the file comes "in its original mime-type". An error may come with HTTP 200, so small
JSON that comes without a `Content-Disposition` (which only a file has) is read before it is believed: an
envelope with a known code, a message and nothing else is an error. A JSON file of exactly that content, sent
without that header, would be taken for one.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from service.fusioo.endpoints import Endpoint
from service.fusioo.errors import UnreadableAnswerError
from service.fusioo.protocol import is_refusal, read_answer
from service.transport.messages import Response
from service.transport.streaming import Arriving

_LONGEST_ERROR = 64 * 1024
_REDIRECTS = 300


async def refuse_or_pass(endpoint: Endpoint, answer: Arriving) -> Arriving:
    """Give an answer that is a file, as it came. Raises what an error means, before any part is given.

    Raises UnreadableAnswerError for a file in an encoding that was not asked for, like gzip.
    """
    if answer.status >= _REDIRECTS:
        read_answer(endpoint, Response(answer.status, answer.headers, await _start(answer.parts)))
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise UnreadableAnswerError(
            "the file came in an encoding", endpoint=endpoint.label, status=answer.status
        )
    if not _may_be_error(answer):
        return answer
    start = await _start(answer.parts)
    if is_refusal(endpoint, start):
        read_answer(endpoint, Response(answer.status, answer.headers, start))
    return replace(answer, parts=_after(start, answer.parts))


def _may_be_error(answer: Arriving) -> bool:
    form = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = form in {"application/json", "text/json", ""} or form.endswith("+json")
    return is_json and "content-disposition" not in answer.headers


async def _start(parts: AsyncIterator[bytes]) -> bytes:
    """Read everything, or until more came than an error has."""
    start = bytearray()
    async for part in parts:
        start += part
        if len(start) > _LONGEST_ERROR:
            break
    return bytes(start)


async def _after(start: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if start:
        yield start
    async for part in parts:
        yield part
