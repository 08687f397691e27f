"""Proofs of sanitized copies: the twin test, and its signed certificate"""

import sqlalchemy as sa
from alembic import op

revision = "0016_proofs"
down_revision = "0015_rollbacks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "copy_proof",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("asset_id", sa.String(), nullable=False),
        sa.Column("copy_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"]),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"]),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("copy_proof", schema=None) as batch_op:
        batch_op.create_index("proof_by_asset", ["asset_id", "created_at", "id"], unique=False)
        batch_op.create_index("proof_by_dataset", ["dataset_id", "created_at", "id"], unique=False)
        batch_op.create_index("proof_by_reason", ["reason", "copy_id"], unique=False)
        batch_op.create_index(
            "one_open_proof_a_copy",
            ["copy_id"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("copy_proof")
