"""Which fields of a change come of our own writes, where others were edited by somebody else.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e2b70c5d91f4"
down_revision = "9c41d7e06ab3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("changes", sa.Column("echoed", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("changes", "echoed")
