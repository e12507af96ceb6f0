"""Rules and handlers: verdicts of changes, rules of each digest, paused handlers, own writes, apps seen.

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a9c27e5b1f60"
down_revision = "e41d7a90c8b6"
branch_labels = None
depends_on = None

_BEFORE = "'pending_links', 'waiting', 'ready', 'running', 'done', 'dead', 'discarded'"
_NOW = "'pending_links', 'waiting', 'ready', 'running', 'done', 'dead', 'discarded', 'skipped'"


def upgrade() -> None:
    op.add_column("changes", sa.Column("verdicts", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("expansions", sa.Column("conditions", sa.JSON(), nullable=True))
    op.add_column("runs", sa.Column("rules_digest", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("current_state", sa.Boolean(), server_default="false", nullable=False))
    _keep_statuses(_NOW)
    _make_rulebooks()
    _make_handler_states()
    _make_own_writes()
    _make_app_listings()


def downgrade() -> None:
    op.drop_table("app_listings")
    op.drop_table("own_writes")
    op.drop_table("handler_states")
    op.drop_table("rulebooks")
    op.execute("UPDATE runs SET status = 'discarded' WHERE status = 'skipped'")
    _keep_statuses(_BEFORE)
    op.drop_column("runs", "current_state")
    op.drop_column("runs", "rules_digest")
    op.drop_column("expansions", "conditions")
    op.drop_column("changes", "verdicts")


def _keep_statuses(listed: str) -> None:
    op.execute("ALTER TABLE runs DROP CONSTRAINT ck_runs_status_known")
    op.execute(f"ALTER TABLE runs ADD CONSTRAINT ck_runs_status_known CHECK (status IN ({listed})) NOT VALID")


def _make_rulebooks() -> None:
    op.create_table(
        "rulebooks",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("timezones", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rulebooks")),
    )


def _make_handler_states() -> None:
    op.create_table(
        "handler_states",
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.Column("failures_in_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("handler", name=op.f("pk_handler_states")),
    )


def _make_own_writes() -> None:
    op.create_table(
        "own_writes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("hashes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_writes")),
    )
    op.create_index(
        "ix_own_writes_unused",
        "own_writes",
        ["account", "record_id", "app_id"],
        postgresql_where=sa.text("used_at IS NULL"),
    )
    op.create_index(op.f("ix_own_writes_noted_at"), "own_writes", ["noted_at"])


def _make_app_listings() -> None:
    op.create_table(
        "app_listings",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("apps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_app_listings")),
    )
