"""No change lost: hints of our own, how far apps are reconciled and walked, captures, silent webhooks.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d3b71f0c94ae"
down_revision = "c5d80f3e7b12"
branch_labels = None
depends_on = None

_ORIGINS = "'webhook', 'reconcile', 'backfill', 'echo'"


def upgrade() -> None:
    _tell_origins()
    _mark_registrations()
    _make_reconciles()
    _make_walks()
    _make_captures()


def downgrade() -> None:
    for table in ("captured_requests", "captures", "walked", "walks", "reconciles", "drifts", "hearing"):
        op.drop_table(table)
    op.execute("UPDATE registrations SET status = 'deleted' WHERE manual")
    _index_live("")
    for column in ("last_heard", "silent_since", "heard_at", "retire_at", "manual"):
        op.drop_column("registrations", column)
    op.execute("DELETE FROM deliveries WHERE registration_id IS NULL")
    op.alter_column("deliveries", "registration_id", nullable=False)
    op.drop_column("deliveries", "origin")


def _tell_origins() -> None:
    op.add_column("deliveries", sa.Column("origin", sa.Text(), server_default="webhook", nullable=False))
    op.execute(
        "ALTER TABLE deliveries ADD CONSTRAINT ck_deliveries_origin_known"
        f" CHECK (origin IN ({_ORIGINS})) NOT VALID"
    )
    op.alter_column("deliveries", "registration_id", nullable=True)


def _mark_registrations() -> None:
    op.add_column("registrations", sa.Column("manual", sa.Boolean(), server_default="false", nullable=False))
    for column in ("retire_at", "heard_at", "silent_since"):
        op.add_column("registrations", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "registrations",
        sa.Column(
            "last_heard",
            postgresql.ARRAY(sa.DateTime(timezone=True)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    )
    _index_live(" AND NOT manual")
    op.create_table(
        "hearing",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hearing")),
    )
    op.create_table(
        "drifts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mended", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_drifts")),
    )


def _index_live(but: str) -> None:
    # A handful of rows: made anew within the transaction, so that never two of a kind are live.
    op.drop_index("uq_registrations_live", table_name="registrations")
    op.create_index(
        "uq_registrations_live",
        "registrations",
        ["account", "app_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status IN ('active', 'creating')" + but),
    )


def _make_reconciles() -> None:
    op.create_table(
        "reconciles",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=True),
        sa.Column("floor", sa.Text(), nullable=True),
        sa.Column("sortable", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("reached", sa.Text(), nullable=True),
        sa.Column("newest", sa.Text(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noticed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("behind", sa.Interval(), nullable=True),
        sa.Column("api_count", sa.Integer(), nullable=True),
        sa.Column("known_count", sa.Integer(), nullable=True),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account", "app_id", name=op.f("pk_reconciles")),
    )


def _make_walks() -> None:
    op.create_table(
        "walks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("run_rules", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sight", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("taken_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noticed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("absent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unstored", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steady", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("course", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walks")),
        sa.CheckConstraint("purpose IN ('backfill', 'full_sweep')", name=op.f("ck_walks_purpose_known")),
    )
    op.create_index(
        "uq_walks_under_way",
        "walks",
        ["account", "app_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "walked",
        sa.Column("walk_id", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("walk_id", "record_id", name=op.f("pk_walked")),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["walks.id"], name=op.f("fk_walked_walk_id_walks"), ondelete="CASCADE"
        ),
    )


def _make_captures() -> None:
    op.create_table(
        "captures",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_captures")),
    )
    op.create_table(
        "captured_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("reading", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captured_requests")),
        sa.ForeignKeyConstraint(
            ["key"], ["captures.key"], name=op.f("fk_captured_requests_key_captures"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_captured_requests_key"), "captured_requests", ["key"])
