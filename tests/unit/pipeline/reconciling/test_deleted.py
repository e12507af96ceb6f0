"""Which records of a list that includes deleted ones are deleted."""

from typing import Any

from service.pipeline.reconciling.deleted import deleted_among


def record(record_id: str, minute: int) -> dict[str, Any]:
    return {"id": record_id, "last_modified": f"2026-11-22T05:{minute:02}:00"}


LIVE = [record("a", 30), record("b", 20)]


def test_what_stands_in_one_list_only_is_deleted() -> None:
    assert deleted_among([record("x", 40), *LIVE, record("y", 25)], LIVE, whole=False) == ["x", "y"]


def test_of_what_may_stand_further_down_nothing_is_said() -> None:
    older = [record("older", 19), record("same second", 20), {"id": "no stamp"}]
    assert deleted_among([*LIVE, *older], LIVE, whole=False) == []
    assert deleted_among([*LIVE, *older], LIVE, whole=True) == ["older", "same second", "no stamp"]


def test_where_nothing_is_left_all_are_deleted() -> None:
    assert deleted_among(LIVE, [], whole=True) == ["a", "b"]
