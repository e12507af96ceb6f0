"""How Alembic runs our migrations: with every table of the project, under a lock, one transaction each.

A new revision is made from the difference between the models and a database at the newest revision:

    DATABASE_URL=… .venv/bin/alembic revision --autogenerate -m "what it does"
    .venv/bin/ruff check --fix migrations; .venv/bin/ruff format migrations

Read what came out: Alembic sees neither sequences nor renames (tests/migration/ compares everything). A
deployed revision never changes; a new column comes empty or with a default, is filled, and is enforced later.
"""

import os

from alembic import context
from sqlalchemy import Connection

import service.alarms.models
import service.budget.models
import service.captures.models
import service.db.processes
import service.handlers.models
import service.inbox.models
import service.links.models
import service.own_writes.models
import service.reconciles.models
import service.records.models
import service.registrations.models
import service.rulebooks.models
import service.ticks.models
import service.tokens.models
import service.upserts.models
import service.walks.models  # noqa: F401  each adds its tables to Base
from service.db.base import Base
from service.db.migrating import migration_connection


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():  # --sql: print instead of run
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:  # the `alembic` command of a developer
    with migration_connection(os.environ["DATABASE_URL"]) as opened:
        _run(opened)
