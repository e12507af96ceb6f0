"""Many ids, asked for in batches of up to 100. Pure.

A batch that is too large for the API, or takes its gateway too long, is asked for in halves. The answer's
order is not promised, so what came is put into the order in which it was asked for.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

MOST_PER_BATCH = 100
"""Ids per call (vendor's page, at each batch endpoint)."""

Id = TypeVar("Id", bound=Hashable)
Item = TypeVar("Item")


class Batches(Generic[Id]):
    """The batches that are still to be asked for, each id in one, in the order given.

    Ask for `next` until it is empty; after each tell `done`, or `halve` where it was too large.
    """

    def __init__(self, ids: Iterable[Id], *, largest: int = MOST_PER_BATCH) -> None:
        wanted = list(dict.fromkeys(ids))
        self._waiting = [wanted[start : start + largest] for start in range(0, len(wanted), largest)]

    @property
    def next(self) -> Sequence[Id]:
        """The batch to ask for now; empty at the end."""
        return self._waiting[0] if self._waiting else ()

    def done(self) -> None:
        """The batch was answered."""
        del self._waiting[0]

    def halve(self) -> bool:
        """Ask for the batch in two halves. False: it is one id."""
        batch = self._waiting[0]
        if len(batch) == 1:
            return False
        middle = (len(batch) + 1) // 2
        self._waiting[:1] = [batch[:middle], batch[middle:]]
        return True


def in_order(ids: Iterable[Id], found: Iterable[Item], *, id_of: Callable[[Item], Id]) -> tuple[Item, ...]:
    """Give what was found in the order of the ids, each once; what nobody asked for is left out."""
    by_id: Mapping[Id, Item] = {id_of(item): item for item in found}
    return tuple(by_id[one] for one in dict.fromkeys(ids) if one in by_id)
