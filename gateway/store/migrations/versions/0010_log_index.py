"""The log can be searched: a look-up beside it, roots over its blocks, and what verifications found

Entries that are there already are listed here, in batches: some 40 s a million.
"""

import sqlalchemy as sa
from alembic import op

from gateway.store.queries import log_index, log_tree

revision = "0010_log_index"
down_revision = "0009_workforce"
branch_labels = None
depends_on = None

RUNNING = sa.text("state = 'running'")
REFUSED = sa.text("refused IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "log_term",
        sa.Column("term", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.Integer(), nullable=False),
        sa.Column("action", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", "at", "entry_id", "actor", "action"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_block",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "log_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("done", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("log_check", schema=None) as batch_op:
        batch_op.create_index(
            "one_running_check", ["state"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
        )
        batch_op.create_index("log_check_by_time", ["begun_at"])
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        # Counted with every look at the gateway's health: without it, each count reads the whole log.
        batch_op.create_index("log_refused", ["id"], sqlite_where=REFUSED, postgresql_where=REFUSED)
    log_index.rebuild(op.get_bind())
    log_tree.rebuild_blocks(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.drop_index("log_refused")
    op.drop_table("log_check")
    op.drop_table("log_block")
    op.drop_table("log_term")
