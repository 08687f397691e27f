"""Review: rounds and decisions"""

import sqlalchemy as sa
from alembic import op

revision = "0002_review"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("asset_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("copy_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("risk", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("assigned_to", sa.String(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(), nullable=True),
        sa.Column("assigned_until", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="review_asset"),
        sa.ForeignKeyConstraint(["assigned_to"], ["person.id"], name="review_assigned_to"),
        sa.ForeignKeyConstraint(["copy_id"], ["copy.id"], name="review_copy"),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name="review_dataset"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("copy_id", "round", name="review_round"),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_assigned_to"), ["assigned_to"], unique=False)
        batch_op.create_index("review_queue", ["state", "risk", "created_at", "id"], unique=False)

    op.create_table(
        "review_decision",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("rejected", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="review_decision_review"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name="review_decision_reviewer"),
        sa.PrimaryKeyConstraint("review_id"),
    )


def downgrade() -> None:
    op.drop_table("review_decision")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index("review_queue")
        batch_op.drop_index(batch_op.f("ix_review_assigned_to"))
        batch_op.drop_index(batch_op.f("ix_review_asset_id"))

    op.drop_table("review")
