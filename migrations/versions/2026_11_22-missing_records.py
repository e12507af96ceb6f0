"""An index of the records that are missing, made while others write.

A revision of its own: what stands before an `autocommit_block` is committed even if the block fails. So this
one does nothing else, and begins by dropping what a failed attempt left.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "e41d7a90c8b6"
down_revision = "b3f19c6d2a84"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        _drop()
        op.create_index(
            "ix_records_missing",
            "records",
            ["account", "app_id", "missing_since"],
            postgresql_where=sa.text("missing_since IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _drop()


def _drop() -> None:
    op.drop_index("ix_records_missing", table_name="records", postgresql_concurrently=True, if_exists=True)
