"""Any number of records by their ids, as an asynchronous iterator."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Self

from service.fusioo.chunking import BatchSizes, IdChunks
from service.fusioo.errors import (
    AppAccessDeniedError,
    RecordAccessDeniedError,
    RecordNotFoundError,
    RequestTooLargeError,
)
from service.fusioo.matching import match_ids
from service.fusioo.models import Record
from service.fusioo.walking import Progress


class IdWalk:
    """Gives each of the records once, in the order of their ids: `async for record in walk`.

    The ids are asked for in chunks that grow while they are answered and halve when one is refused; what is
    refused for one id that does not exist costs the others a few more calls, never an answer. `absent` and
    `hidden` say afterwards which did not come. An error leaves the walk where it was: iterate over it again.
    """

    def __init__(
        self,
        app_id: str,
        ids: Iterable[str],
        *,
        look: Callable[[Sequence[str]], Awaitable[Sequence[Record]]],
        get: Callable[[str], Awaitable[Record]],
        batches: BatchSizes,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.absent: list[str] = []
        """Ids of which the app has no record that the token may see; a list does not say why."""
        self.hidden: list[str] = []
        """Ids of records that are there and that the token may not read."""
        self._app_id, self._look, self._get, self._batches = app_id, look, get, batches
        self._on_progress = on_progress
        self._chunks = IdChunks(ids)
        self._waiting: deque[Record] = deque()
        self._seen = self._calls = 0

    @property
    def progress(self) -> Progress:
        return Progress(self._seen, len(self._chunks), self._calls, self._calls, 1)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Record:
        while not self._waiting:
            chunk = self._chunks.current(self._batches.at_once(self._app_id))
            if not chunk:
                raise StopAsyncIteration
            await self._ask(chunk)
            if self._on_progress is not None:
                self._on_progress(self.progress)
        return self._waiting.popleft()

    async def _ask(self, chunk: tuple[str, ...]) -> None:
        self._calls += 1
        try:
            records = await self._look(chunk)
        except RequestTooLargeError as error:
            if len(chunk) == 1:
                await self._ask_alone(chunk[0], error)
                return
            self._batches.refused(self._app_id, asked=len(chunk))
            self._chunks.halve()
        except (RecordNotFoundError, RecordAccessDeniedError) as error:
            # Whether a batch leaves out what is not there, or is refused for it, is not published.
            if len(chunk) > 1:
                self._chunks.halve()
                return
            (self.absent if isinstance(error, RecordNotFoundError) else self.hidden).append(chunk[0])
            self._chunks.done()
        else:
            self._take(chunk, records)

    def _take(self, chunk: tuple[str, ...], records: Sequence[Record]) -> None:
        found, absent = match_ids(chunk, records)
        self._batches.answered(self._app_id, asked=len(chunk))
        self._chunks.done()
        self._seen += len(found)
        self._waiting.extend(found.values())
        self.absent.extend(one for one in chunk if one in absent)

    async def _ask_alone(self, record_id: str, refusal: RequestTooLargeError) -> None:
        """One id is never too long: its own path tells what is wrong with it, or that asking by ids fails."""
        self._calls += 1
        try:
            await self._get(record_id)
        except RecordNotFoundError:
            self.absent.append(record_id)
        except (RecordAccessDeniedError, AppAccessDeniedError):
            self.hidden.append(record_id)
        else:
            raise refusal
        self._batches.forget(self._app_id)
        self._chunks.done()
