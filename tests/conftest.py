"""What every test can use comes from `tests/fixtures/`."""

pytest_plugins = ["tests.fixtures.tiers"]
