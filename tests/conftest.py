"""What every test can use comes from `tests/fixtures/`."""

# In the order of their imports: a plugin that another one has imported before can't be rewritten any more.
pytest_plugins = [
    "tests.fixtures.command",
    "tests.fixtures.tiers",
    "tests.fixtures.services",
    "tests.fixtures.database",
    "tests.fixtures.receiver",
    "tests.fixtures.simulator",
    "tests.fixtures.sink",
    "tests.fixtures.relay",
    "tests.fixtures.installation",
    "tests.fixtures.plan_page",
]
