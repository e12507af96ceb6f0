"""Checks the origins of deliveries that were there before, and indexes the changes that no webhook told of.

Both while others write.
"""

import sqlalchemy as sa
from alembic import op

revision = "f8e02b6d5c41"
down_revision = "d3b71f0c94ae"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries VALIDATE CONSTRAINT ck_deliveries_origin_known")
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_changes_reconciled",
            "changes",
            ["account", "app_id", "kind", "created_at"],
            postgresql_where=sa.text("origin = 'reconcile'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_changes_reconciled", table_name="changes")
    # The check goes with its constraint, in the revision before.
