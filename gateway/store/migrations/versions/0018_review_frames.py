"""Frames of an image under review that reached whoever holds it: all of them before a release"""

import sqlalchemy as sa
from alembic import op

revision = "0018_review_frames"
down_revision = "0016_proofs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_frame",
        sa.Column("review_id", sa.String(), nullable=False),
        sa.Column("frame", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("review_id", "frame"),
    )


def downgrade() -> None:
    op.drop_table("review_frame")
