"""What `?ids=` says of ids that are not there: likely nothing, which is not published."""

from collections.abc import Collection, Sequence
from typing import Any

from service.dev.simulators.fusioo.envelope import Code, RefusedCallError
from service.dev.simulators.fusioo.settings import FusiooSettings


def rows_with_missing(
    settings: FusiooSettings, rows: Sequence[dict[str, Any]], missing: Collection[str]
) -> list[dict[str, Any] | None]:
    """Add what the settings say of the missing ids to the rows that were found.

    Raises RefusedCallError (30051) where one missing id refuses the whole call.
    """
    if missing and settings.missing_ids == "error":
        raise RefusedCallError(Code.RECORD_NOT_FOUND)
    nulls = missing if settings.missing_ids == "null" else ()
    return [*rows, *(None for _ in nulls)]
