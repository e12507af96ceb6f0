"""The origins of deliveries, checked for the rows that were there before, while others write."""

from alembic import op

revision = "f8e02b6d5c41"
down_revision = "d3b71f0c94ae"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries VALIDATE CONSTRAINT ck_deliveries_origin_known")


def downgrade() -> None:
    pass  # it goes with its constraint, in the revision before
