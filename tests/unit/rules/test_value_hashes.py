"""Values that come back in other clothes have the same hash, and other values have not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.value_hashes import hash_fields, hash_value

SAME = [
    (None, "", [], "<p><br></p>"),
    ("Done", ["Done"], "<p>Done</p>", " Done\n", "Done"),
    (1, 1.0, "1", "1.0", [1]),
    (0, -0.0, "0"),
    (-2.5, "-2.50"),
    (["Red", "Blue"], ["Blue", "Red"]),
    ("2026-11-22T09:30:00Z", "2026-11-22T10:30:00+0100", "2026-11-22T09:30:00.250", "2026-11-22 09:30:00"),
    ("2026-11-22",),
    ("i59adb", ["i59adb"], {"id": "i59adb", "value": "Acme"}, [{"id": "i59adb"}]),
    ("Tom & Jerry", "<p>Tom &amp; Jerry</p>"),
    (True,),
    (False,),
    ("true",),
    ("007",),
    (7,),
    ("done",),
    (["a", "b", "c"],),
    (["1", "b"], [1, "b"]),
    ({"a": 1}, {"a": "1"}),
    ("several",),
    ("number",),
]


@pytest.mark.parametrize("same", SAME, ids=lambda same: repr(same[0]))
def test_the_same_value_in_any_form(same: tuple[Any, ...]) -> None:
    assert len({hash_value(value) for value in same}) == 1


def test_different_values_differ() -> None:
    assert len({hash_value(same[0]) for same in SAME}) == len(SAME)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=3),
    max_leaves=6,
)


@given(JSON)
def test_it_takes_any_json_and_gives_the_same_for_what_arrives(value: Any) -> None:
    """Also where it has lone surrogates in it, numbers of any size, calendars that do not exist."""
    assert hash_value(value) == hash_value(json.loads(json.dumps(value)))
    assert hash_value([value]) == hash_value(value)
    assert len(hash_value(value)) == 64


def test_fields_are_hashed_each_by_itself() -> None:
    assert hash_fields({"a": 1, "b": None}) == {"a": hash_value(1), "b": hash_value(None)}
