"""What reconciling asks of an account's provider."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class ModifiedList(Protocol):
    """What a provider says was modified lately. Paid by reconciling's lane."""

    @property
    def is_sorted(self) -> bool:
        """Whether the last modified come first; if not, there must be an `after`, and any order."""
        ...

    async def page(
        self, app_id: str, *, offset: int, after: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """200 records from `offset` on, or more where they are not sorted; fewer only at the end.

        `after`: only later ones. Raises UnsortableError.
        """
        ...

    async def page_with_deleted(self, app_id: str) -> Sequence[Mapping[str, Any]]:
        """The first 200, deleted ones among them. Raises UnsortableError where there is no such list."""
        ...

    async def count(self, app_id: str) -> int:
        """How many records the app has."""
        ...
