"""Which of the records that were asked for by their ids came. Pure."""

from collections.abc import Mapping, Sequence

from service.fusioo.endpoints import RECORDS_BY_IDS
from service.fusioo.errors import UnreadableAnswerError
from service.fusioo.models import Record


def normal_id(record_id: str) -> str:
    """Ids are lower-case hex in production; an echo in other letters means the same record."""
    return record_id.strip().lower()


def match_ids(ids: Sequence[str], records: Sequence[Record]) -> tuple[Mapping[str, Record], frozenset[str]]:
    """Give the records by the ids that were asked for, and the ids of which none came.

    Raises UnreadableAnswerError where some are missing while others came that nobody asked for: the list of
    ids was not understood then, and believing the answer would take every missing record for deleted.
    """
    answered = {normal_id(record["id"]): record for record in records}
    found = {one: answered[normal_id(one)] for one in ids if normal_id(one) in answered}
    absent = frozenset(ids) - found.keys()
    if absent and answered.keys() - {normal_id(one) for one in ids}:
        raise UnreadableAnswerError(
            f"{len(absent)} records are missing while others came that were not asked for",
            endpoint=RECORDS_BY_IDS.label,
        )
    return found, absent
