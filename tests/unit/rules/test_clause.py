"""Kleene's logic: what is not known yet, and what is decided all the same."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.clause import Truth, every, opposite, some

TRUTHS = st.lists(st.sampled_from([True, False, None]), max_size=5)


def _possible(truths: list[Truth]) -> list[list[bool]]:
    """Each way in which what is not known may turn out."""
    return [
        list(each) for each in product(*([True, False] if truth is None else [truth] for truth in truths))
    ]


def _agreed(outcomes: list[bool]) -> Truth:
    return outcomes[0] if len(set(outcomes)) == 1 else None


@given(TRUTHS)
def test_all_and_any_are_known_as_soon_as_nothing_can_change_them(truths: list[Truth]) -> None:
    assert every(truths) is _agreed([all(each) for each in _possible(truths)])
    assert some(truths) is _agreed([any(each) for each in _possible(truths)])


@pytest.mark.parametrize(("truth", "other"), [(True, False), (False, True), (None, None)])
def test_the_opposite(truth: Truth, other: Truth) -> None:
    assert opposite(truth) is other
