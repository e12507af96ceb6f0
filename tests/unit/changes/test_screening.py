"""What a record in a provider's list is to us."""

from datetime import UTC, datetime

import pytest

from service.changes.decision import Snapshot
from service.changes.screening import Screened, Watched, screen, screen_all
from service.changes.types import Fields
from service.lifecycle import RecordState

SINCE = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FIELDS = {
    "id": "i1",
    "status": "To do",
    "created": "2020-01-01T00:00:00",
    "last_modified": "2026-11-22T06:00:00",
}
LIVE = Snapshot(RecordState.LIVE, 3, FIELDS)


WATCHED = Watched(frozenset(FIELDS), SINCE)


def screened(snapshot: Snapshot, **listed: object) -> Screened:
    return screen(snapshot, {**FIELDS, **listed}, WATCHED)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ({}, Screened.KNOWN),
        ({"last_modified": "2026-11-22T06:00:09"}, Screened.KNOWN),
        ({"status": "Done"}, Screened.DIFFERENT),
        ({"status": "Done", "last_modified": "2026-11-22T06:00:09"}, Screened.DIFFERENT),
        ({"status": "Done", "last_modified": "2026-11-22T05:59:59"}, Screened.KNOWN),
        ({"status": None}, Screened.DIFFERENT),
    ],
)
def test_a_live_record_differs_unless_the_list_is_older_than_what_we_know(
    listed: Fields, expected: Screened
) -> None:
    assert screened(LIVE, **listed) is expected


def test_a_deleted_record_in_a_list_must_be_looked_at() -> None:
    assert screened(Snapshot(RecordState.DELETED, 4, FIELDS)) is Screened.DIFFERENT


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-11-22T05:00:00", Screened.DIFFERENT),
        ("2026-11-22T04:55:00", Screened.DIFFERENT),
        ("2026-11-22T04:54:59", Screened.STRANGE),
        (None, Screened.STRANGE),
    ],
)
def test_a_record_never_seen_is_a_change_if_it_is_not_older_than_our_watch(
    created: str | None, expected: Screened
) -> None:
    assert screened(Snapshot(), created=created) is expected


def test_without_knowing_since_when_we_watch_every_new_record_is_a_change() -> None:
    assert screen(Snapshot(), FIELDS, Watched(None, None)) is Screened.DIFFERENT


@pytest.mark.parametrize(
    ("floor", "expected"),
    [
        ("2026-11-22T05:59:59", Screened.DIFFERENT),
        ("2026-11-22T06:00:00", Screened.STRANGE),
        ("no stamp", Screened.STRANGE),
        (None, Screened.STRANGE),
    ],
)
def test_a_record_never_seen_is_a_change_if_it_was_edited_after_the_floor(
    floor: str | None, expected: Screened
) -> None:
    assert screen(Snapshot(), FIELDS, Watched(None, SINCE, floor)) is expected


def test_every_listed_record_is_screened_once() -> None:
    listed = {"i1": FIELDS, "i2": {**FIELDS, "id": "i2"}, "i3": {**FIELDS, "status": "Done"}}
    found = screen_all({"i1": LIVE, "i3": LIVE}, listed, WATCHED)
    assert found == {Screened.KNOWN: ["i1"], Screened.STRANGE: ["i2"], Screened.DIFFERENT: ["i3"]}
