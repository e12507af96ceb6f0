from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Fields
from service.fusioo.links import ids_in
from service.links.resolving import MOST_ON_A_PATH, LinkReader, RecordKey, Resolved, resolve

ROOT = RecordKey("tasks", "t1")
TARGETS = {
    ("tasks", "client"): "clients",
    ("clients", "owner"): "people",
    ("clients", "tasks"): "tasks",
    ("people", "boss"): "people",
}
TRUTH: dict[RecordKey, Fields | None] = {
    RecordKey("clients", "c1"): {"id": "c1", "owner": ["p1"], "tasks": ["t1", "t2"]},
    RecordKey("clients", "c2"): {"id": "c2", "owner": ["p1", "p2"]},
    RecordKey("people", "p1"): {"id": "p1", "boss": ["p1"]},
    RecordKey("people", "p2"): {"id": "p2", "boss": ["p1"]},
    RecordKey("tasks", "t2"): {"id": "t2", "client": ["c1"]},
}
READER = LinkReader(target=lambda app_id, field_id: TARGETS.get((app_id, field_id)), ids=ids_in)


def resolved(record: Fields | None, *paths: str, without: set[str] = frozenset()) -> Resolved:  # type: ignore[assignment]  # never changed
    def known(key: RecordKey) -> Fields | None:
        if key.record_id in without:
            raise KeyError(key)
        return TRUTH[key]

    return resolve(ROOT, record, paths, known, READER)


def ids(found: Resolved, path: str) -> list[Any]:
    return [fields["id"] for fields in found.linked[path]]


def test_each_path_brings_its_records_in_their_order_and_once() -> None:
    found = resolved({"client": ["c2", "c1", "c2"]}, "client", "client.owner")
    assert ids(found, "client") == ["c2", "c1"]
    assert ids(found, "client.owner") == ["p1", "p2"]
    assert (found.gaps, found.needed) == ({}, [])


def test_each_level_waits_for_the_one_before_it() -> None:
    record = {"client": ["c1", "c2"]}
    first = resolved(record, "client", "client.owner", without={"c2", "p1", "p2"})
    assert first.needed == [RecordKey("clients", "c2"), RecordKey("people", "p1")]
    assert resolved(record, "client", "client.owner", without={"p1", "p2"}).needed == [
        RecordKey("people", "p1"),
        RecordKey("people", "p2"),
    ]


def test_a_cycle_asks_for_nothing_twice() -> None:
    found = resolved({"id": "t1", "client": ["c1"]}, "client", "client.tasks", "client.tasks.client")
    assert ids(found, "client.tasks") == ["t1", "t2"], "the record itself is as the change left it"
    assert ids(found, "client.tasks.client") == ["c1"]
    assert found.needed == []
    assert ids(resolved({"boss": ["p1"]}, "boss"), "boss") == []


@pytest.mark.parametrize("value", [None, "", [], ()])
def test_an_empty_link_brings_nothing_and_misses_nothing(value: Any) -> None:
    found = resolved({"client": value}, "client")
    assert (found.linked, found.gaps, found.missing) == ({"client": []}, {}, {})


def test_nothing_known_of_the_record_links_to_nothing() -> None:
    assert resolved(None, "client", "client.owner").linked == {"client": [], "client.owner": []}


@pytest.mark.parametrize("value", ["c1", '["c1"]', {"id": "c1", "value": "Acme"}, [{"id": "c1"}]])
def test_older_shapes_of_links_are_read(value: Any) -> None:
    assert ids(resolved({"client": value}, "client"), "client") == ["c1"]


def test_what_is_no_link_is_named() -> None:
    assert resolved({"client": 5}, "client").gaps == {"client": ["5"]}


def test_a_link_to_nobody_knows_where_is_named_and_told() -> None:
    found = resolved({"thing": ["x1"]}, "thing")
    assert (found.gaps, found.unclear, found.needed) == ({"thing": ["x1"]}, True, [])


def test_what_is_known_to_be_gone_is_named() -> None:
    def known(key: RecordKey) -> None:
        """Nothing is there any more."""

    found = resolve(ROOT, {"client": ["c1"]}, ["client"], known, READER)
    assert (found.gaps, found.unclear) == ({"client": ["c1"]}, False)


def test_a_long_list_brings_its_first_records() -> None:
    found = resolved(
        {"client": [f"x{number}" for number in range(250)]},
        "client",
        without={f"x{number}" for number in range(250)},
    )
    assert len(found.needed) == MOST_ON_A_PATH
    assert found.gaps == {"client": [f"x{number}" for number in range(200, 250)]}


def test_giving_up_names_what_is_missing_after_what_is_a_gap_anyway() -> None:
    found = Resolved(gaps={"a": ["1"]}, missing={"a": [RecordKey("x", "2")], "b": [RecordKey("x", "3")]})
    assert found.all_gaps() == {"a": ["1", "2"], "b": ["3"]}
    assert found.gaps == {"a": ["1"]}


@given(st.lists(st.sampled_from(["c1", "c2"])), st.sets(st.sampled_from(["c1", "c2", "p1", "p2"])))
def test_every_linked_record_is_there_or_missing(clients: list[str], without: set[str]) -> None:
    found = resolved({"client": clients}, "client", "client.owner", without=without)
    missing = {key.record_id for keys in found.missing.values() for key in keys}
    assert {fields["id"] for fields in found.linked["client"]} | missing >= set(clients)
    assert missing <= without
