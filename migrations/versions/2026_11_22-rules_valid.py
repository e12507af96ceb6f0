"""The statuses of runs, checked for the rows that were there before, while others write."""

from alembic import op

revision = "c5d80f3e7b12"
down_revision = "a9c27e5b1f60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE runs VALIDATE CONSTRAINT ck_runs_status_known")


def downgrade() -> None:
    pass  # it goes with its constraint, in the revision before
