"""Pacing: what a refused call teaches, records that cool down, records that are missed; linked records.

And people: who is told of alarms (`notices`), which accounts are refused (`halts`).

A lock not had within `service.db.migrating.LOCK_TIMEOUT` fails it. On tables in use: indexes CONCURRENTLY,
inside `op.get_context().autocommit_block()`; constraints NOT VALID first, and VALIDATE in a later revision.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
    op.add_column("slots", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("slots", sa.Column("listed_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("slots", sa.Column("listed_to", sa.Integer(), nullable=True))
    _make_links()
    _make_halts()
    _make_notices()


def _make_halts() -> None:
    op.create_table(
        "halts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_halts")),
    )
    op.execute(
        "INSERT INTO halts (account, reason, since, next_at) SELECT subject, message, raised_at, now()"
        " FROM alarms WHERE name = 'account_halted' AND cleared_at IS NULL"
    )


def _make_notices() -> None:
    # What was raised before is told only where it lasts: nobody was told of it yet.
    op.add_column("alarms", sa.Column("untold", sa.Boolean(), server_default="false", nullable=False))
    op.execute("UPDATE alarms SET untold = true WHERE cleared_at IS NULL")
    op.alter_column("alarms", "untold", server_default="true")
    op.create_index("ix_alarms_untold", "alarms", ["id"], postgresql_where=sa.text("untold"))
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default="ready", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("holder", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('raised', 'cleared')", name=op.f("ck_notices_kind_known")),
        sa.CheckConstraint(
            "status IN ('ready', 'running', 'done', 'dead', 'discarded')",
            name=op.f("ck_notices_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.id"], name=op.f("fk_notices_alarm_id_alarms"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("alarm_id", "handler", "kind", name=op.f("uq_notices_alarm_id_handler_kind")),
    )
    op.create_index(
        "ix_notices_unfinished",
        "notices",
        ["handler", "seq"],
        postgresql_where=sa.text("status IN ('ready', 'running')"),
    )


def _make_links() -> None:
    op.create_table(
        "expansions",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("paths", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("looks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("holder", sa.Uuid(), nullable=True),
        sa.Column("linked", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("gaps", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["changes.id"], name="fk_expansions_change_id_changes", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_id", "rule", name="pk_expansions"),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
            "vacuum_index_cleanup": "on",
        },
    )
    unfinished, held = sa.text("finished_at IS NULL"), sa.text("token IS NOT NULL")
    op.create_index("ix_expansions_due", "expansions", ["account", "next_at"], postgresql_where=unfinished)
    op.create_index("ix_expansions_held", "expansions", ["account"], postgresql_where=held)
    op.create_table(
        "linked_records",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "app_id", "record_id", name="pk_linked_records"),
    )
    op.create_index("ix_linked_records_seen_at", "linked_records", ["seen_at"])


def downgrade() -> None:
    op.drop_table("linked_records")
    op.drop_table("expansions")
    op.drop_table("notices")
    op.drop_index("ix_alarms_untold", table_name="alarms")
    op.drop_column("alarms", "untold")
    op.drop_table("halts")
    op.drop_column("slots", "listed_to")
    op.drop_column("slots", "listed_since")
    op.drop_column("slots", "looked_at")
    op.drop_column("slots", "deletions_accepted_until")
    op.drop_column("slots", "deletions_held_at")
    op.drop_column("records", "missing_since")
    op.drop_column("records", "rest_until")
    op.drop_column("records", "looks_in_row")
    op.drop_column("blocks", "ceiling_until")
    op.drop_column("blocks", "ceiling")
