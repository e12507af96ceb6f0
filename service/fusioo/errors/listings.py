"""How a list may be refused."""

from service.errors import Disposition
from service.fusioo.errors.base import FusiooError


class ListingRefusedError(FusiooError):
    """How a list is sorted or cut is refused."""

    disposition = Disposition.DISCARD


class SortFieldNotFoundError(ListingRefusedError):
    code = 30100
    meaning = "the field to sort by does not exist"


class SortFieldNotSortableError(ListingRefusedError):
    code = 30101
    meaning = "the field can't be sorted by"


class SortFieldHiddenError(ListingRefusedError):
    code = 30102
    meaning = "the token may not read the field to sort by"


class DirectionInvalidError(ListingRefusedError):
    code = 30103
    meaning = "the direction must be asc or desc"


class OffsetInvalidError(ListingRefusedError):
    code = 30104
    meaning = "the offset must be 0 or more"


class LimitInvalidError(ListingRefusedError):
    code = 30105
    meaning = "the limit must be 0 to 200"


class ListIncompleteError(FusiooError):
    """A list was walked through, and rows are known to be missing: it changed too much meanwhile.

    What was given before is right. `missing` is how many rows never came, at least.
    """

    meaning = "the list could not be seen whole"
    remedy = "walk through it again, allow more rounds, or pass allow_missing=True"

    def __init__(self, said: str = "", *, endpoint: str, missing: int = 0) -> None:
        self.missing = missing
        super().__init__(said, endpoint=endpoint)
