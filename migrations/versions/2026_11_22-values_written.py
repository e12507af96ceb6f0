"""The values of our own writes: what a field showed before somebody edited it over them.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9c41d7e06ab3"
down_revision = "5b8e14f7c2d9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    written = sa.Column("written", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("own_writes", written)


def downgrade() -> None:
    op.drop_column("own_writes", "written")
