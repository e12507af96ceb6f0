"""Keys of what handlers make at a provider, each made by one at a time.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "5b8e14f7c2d9"
down_revision = "f8e02b6d5c41"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upserts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "place", "key_hash", name=op.f("pk_upserts")),
    )
    op.create_index(op.f("ix_upserts_used_at"), "upserts", ["used_at"])


def downgrade() -> None:
    op.drop_table("upserts")
