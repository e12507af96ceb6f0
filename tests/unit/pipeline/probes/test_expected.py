"""What health takes from the configuration."""

import pickle

from service.budget.lanes import Limit
from service.clock import parse_duration
from service.pipeline.probes.expected import expected_of
from service.rules.loader import parse

YAML = """
version: 1
accounts:
  main: {provider: fusioo, token: "${T}", budget: {calls: 7, window: 1m, reserve: 20%}}
  idle: {provider: fusioo, token: "${T}"}
handlers: {ops: {log: {}}, audit: {log: {}}}
rules:
  - {name: one, account: main, app: Tasks, run: [ops]}
  - {name: two, account: main, app: Tasks, run: [ops]}
  - {name: three, account: main, app: i1, run: [ops]}
"""


def test_budgets_apps_and_handlers_are_taken() -> None:
    expected = expected_of(parse(YAML, "relay.yaml", {"T": "sesame"}))
    assert expected.limits["main"] == Limit(7, parse_duration("1m"), 0.2)
    assert expected.apps == {"main": ("Tasks", "i1"), "idle": ()}
    assert expected.handlers == {"ops", "audit"}


def test_it_holds_no_secret_and_travels_to_child_processes() -> None:
    expected = expected_of(parse(YAML, "relay.yaml", {"T": "sesame"}))
    assert "sesame" not in repr(expected)
    assert pickle.loads(pickle.dumps(expected)) == expected  # noqa: S301  our own bytes
