"""A sender's batches are listed by sender and time, and a batch keeps what was not taken, by reason"""

import sqlalchemy as sa
from alembic import op

revision = "0012_console_upload"
down_revision = "0011_review_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("batch_by_sender", ["created_by", "created_at", "id"])
    op.create_table(
        "batch_refusal",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.PrimaryKeyConstraint("batch_id", "code"),
    )


def downgrade() -> None:
    op.drop_table("batch_refusal")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("batch_by_sender")
