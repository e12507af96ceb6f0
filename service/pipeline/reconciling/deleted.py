"""Deleted records by name, for a token that may read them. Pure.

The vendor's page shows no mark of a deleted record in a list that includes them (API page, "Get records"):
one is known by standing in that list and not in the one without them.
"""

from collections.abc import Sequence

from service.changes.judging import parse_stamp
from service.changes.types import Fields
from service.reconciles.course import STAMP


def deleted_among(with_deleted: Sequence[Fields], without: Sequence[Fields], *, whole: bool) -> list[str]:
    """Give the ids that stand in the one list and should stand in the other, if they were there still.

    Both are the heads of their lists, the last modified first; `whole`: `without` is all of its list. If not,
    a record older than all of it would stand further down there, so nothing is said of that.
    """
    stamps = [stamp for each in without if (stamp := parse_stamp(each.get(STAMP))) is not None]
    oldest = None if whole else min(stamps, default=None)
    listed = {str(each["id"]) for each in without}
    return [
        str(each["id"])
        for each in with_deleted
        if str(each["id"]) not in listed
        and (oldest is None or ((stamp := parse_stamp(each.get(STAMP))) is not None and stamp > oldest))
    ]
