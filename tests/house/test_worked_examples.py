"""The tables of our pages that say for which values a condition holds, and which rules run."""

import pytest

from tests.fixtures.pages import pages
from tests.fixtures.worked_examples import Example, examples

EXAMPLES = [example for page in pages() for example in examples(page)]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_line_of_a_table_is_true(example: Example) -> None:
    assert example.running() == example.expected


def test_the_examples_of_rules_are_found() -> None:
    assert len({example.place for example in EXAMPLES if example.place.startswith("rules.md")}) > 50
