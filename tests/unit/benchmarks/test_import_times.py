"""Which packages an import costs most for."""

import pytest

from benchmarks.startup import dearest

TOLD = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   sqlalchemy.sql
import time:       300 |        400 | sqlalchemy
import time:       350 |        350 |     pydantic.main
import time:        10 |         10 | zipimport
"""


def test_a_package_costs_what_its_modules_cost_themselves() -> None:
    told = dict(dearest(TOLD, 2))
    assert list(told) == ["sqlalchemy", "pydantic"]
    assert list(told.values()) == pytest.approx([400e-6, 350e-6])
