"""Copies one file from Fusioo to Onspring, piece by piece: it is never held whole."""

from dataclasses import dataclass

from service.fusioo.client import FusiooClient
from service.onspring.client import OnspringClient
from service.onspring.errors import FileTooLargeError

MOST_BYTES = 50 * 1024 * 1024
"""No larger file is sent at all. Onspring takes 45 MB and refuses 51; where it begins to is not published."""
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where files go."""

    record_id: int
    field_id: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A file that Onspring does not take."""

    name: str
    size: int | None

    def __str__(self) -> str:
        return self.name if self.size is None else f"{self.name} ({self.size / _MB:.1f} MB)"


class Copier:
    """Copies files within a time, in seconds for each."""

    def __init__(self, fusioo: FusiooClient, onspring: OnspringClient, *, within: float) -> None:
        self._fusioo, self._onspring, self._within = fusioo, onspring, within

    async def copy(self, file_id: str, place: Place, *, notes: str) -> TooLarge | None:
        """Copy a file; None: it is there now.

        Raises what the clients raise: NoSuchFileError where the file is gone at Fusioo.
        """
        told = await self._fusioo.files.get(file_id)
        name = told.name or file_id
        if told.size is not None and told.size > MOST_BYTES:
            return TooLarge(name, told.size)
        async with self._fusioo.files.download(file_id, within=self._within) as file:
            size = told.size if file.size is None else file.size
            try:
                await self._onspring.files.create(
                    place.record_id,
                    place.field_id,
                    file,
                    name=told.name or file.name or file_id,
                    content_type=told.content_type,
                    size=size,
                    notes=notes,
                    modified=told.created_at,
                    within=self._within,
                )
            except FileTooLargeError:
                return TooLarge(name, size)
        return None
