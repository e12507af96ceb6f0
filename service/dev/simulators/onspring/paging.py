"""Pages and batches: the parameters of a call, and the collections that it is answered with.

"Pagination" of Onspring's page; that batches take 1 to 100 ids stands there for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from service.dev.simulators.onspring.answers import bad

LARGEST_PAGE = 1000
LARGEST_BATCH = 100
_USUAL_PAGE = 50


@dataclass(frozen=True)
class Page:
    """Which page of a list is wanted."""

    number: int
    size: int

    def cut(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Take this page's rows out of all."""
        return rows[(self.number - 1) * self.size : self.number * self.size]

    def collection(self, rows: Sequence[Any], items: Sequence[Any]) -> dict[str, Any]:
        """Make the paged collection; `items` are the rows of this page as they are shown."""
        return {
            "pageNumber": self.number,
            "pageSize": self.size,
            "totalPages": -(-len(rows) // self.size),
            "totalRecords": len(rows),
            "items": list(items),
        }


def parameter(request: Request, name: str) -> str | None:
    """Find a query parameter, whatever its case."""
    found = (value for key, value in request.query_params.items() if key.lower() == name.lower())
    return next(found, None)


def page_of(request: Request) -> Page:
    """Read `PageNumber` and `PageSize`. Raises RefusedCallError (400)."""
    number, size = (
        _whole(request, name, usual) for name, usual in (("PageNumber", 1), ("PageSize", _USUAL_PAGE))
    )
    if number < 1:
        raise bad("PageNumber must be 1 or more")
    if not 1 <= size <= LARGEST_PAGE:
        raise bad(f"PageSize must be between 1 and {LARGEST_PAGE}")
    return Page(number, size)


def batch_of(ids: Any) -> list[int]:
    """Check the ids of a batch. Raises RefusedCallError (400)."""
    if not isinstance(ids, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) for one in ids
    ):
        raise bad("the ids must be an array of whole numbers")
    if not 1 <= len(ids) <= LARGEST_BATCH:
        raise bad(f"a batch takes between 1 and {LARGEST_BATCH} ids")
    return list(dict.fromkeys(ids))


def batch_answer(items: Sequence[Any]) -> dict[str, Any]:
    """Make the answer to a batch: what was found."""
    return {"count": len(items), "items": list(items)}


def _whole(request: Request, name: str, usual: int) -> int:
    text = parameter(request, name)
    try:
        return usual if text is None else int(text)
    except ValueError:
        raise bad(f"{name} must be a whole number") from None
