"""Pacing: what a refused call teaches, records that cool down, records that are missed.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "b3f19c6d2a84"
down_revision = "7d0c5a3e91f2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blocks", sa.Column("ceiling", sa.Integer(), nullable=True))
    op.add_column("blocks", sa.Column("ceiling_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("records", sa.Column("looks_in_row", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("records", sa.Column("rest_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("records", sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("slots", sa.Column("deletions_held_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("slots", sa.Column("deletions_accepted_until", sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_records_missing",
            "records",
            ["account", "app_id", "missing_since"],
            postgresql_where=sa.text("missing_since IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_records_missing", table_name="records")
    op.drop_column("slots", "deletions_accepted_until")
    op.drop_column("slots", "deletions_held_at")
    op.drop_column("records", "missing_since")
    op.drop_column("records", "rest_until")
    op.drop_column("records", "looks_in_row")
    op.drop_column("blocks", "ceiling_until")
    op.drop_column("blocks", "ceiling")
