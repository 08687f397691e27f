"""The log's entries are authenticated, its numbers have 64 bits, and long lists have their indexes

Entries that wait for the sequencer while this runs were written by an earlier release, which knew no codes.
They are given theirs here, by whoever upgrades: what that release would have placed is placed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_hardening"
down_revision = "0006_batches"
branch_labels = None
depends_on = None

BIG = (
    ("log_entry", "id", False),
    ("log_entry", "sequence", False),
    ("log_entry", "leaf_index", True),
    ("log_checkpoint", "size", False),
    ("counter", "value", False),
)
WAITS = sa.text("leaf_index IS NULL AND refused IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mac", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("refused", sa.String(), nullable=True))
        batch_op.drop_index("log_inbox")
        batch_op.create_index("log_inbox", ["id"], sqlite_where=WAITS, postgresql_where=WAITS)
    if op.get_bind().dialect.name != "sqlite":  # SQLite's integers have 64 bits
        for table, column, nullable in BIG:
            op.alter_column(
                table, column, existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=nullable
            )
    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.drop_index("ix_copy_dataset_id")
        batch_op.create_index("copy_by_dataset", ["dataset_id", "id"])
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.create_index("asset_by_dataset_and_state", ["dataset_id", "state", "id"])
    _authenticate_what_waits()


def _authenticate_what_waits() -> None:
    config, connection = op.get_context().config, op.get_bind()
    mac = config.attributes.get("mac") if config else None
    waiting = connection.execute(sa.text("SELECT id, entry FROM log_entry WHERE leaf_index IS NULL")).all()
    if mac is None:
        return
    update = sa.text("UPDATE log_entry SET mac = :mac WHERE id = :id")
    for row in waiting:
        code = mac(row.entry.encode("utf-8", "surrogatepass"))
        connection.execute(update, {"mac": code, "id": row.id})


def downgrade() -> None:
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.drop_index("asset_by_dataset_and_state")
    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.drop_index("copy_by_dataset")
        batch_op.create_index("ix_copy_dataset_id", ["dataset_id"])
    with op.batch_alter_table("log_entry", schema=None) as batch_op:
        batch_op.drop_index("log_inbox")
        batch_op.drop_column("refused")
        batch_op.drop_column("mac")
        where = sa.text("leaf_index IS NULL")
        batch_op.create_index("log_inbox", ["id"], sqlite_where=where, postgresql_where=where)
