"""A reviewer's release can be held for some seconds, and decisions are read by person and by time"""

import sqlalchemy as sa
from alembic import op

revision = "0011_review_console"
down_revision = "0010_log_index"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_until", sa.DateTime(), nullable=True))
        batch_op.create_index("review_held", ["held_until"])
    with op.batch_alter_table("review_decision", schema=None) as batch_op:
        batch_op.create_index("decision_by_reviewer", ["reviewer_id", "created_at", "review_id"])
        batch_op.create_index("decision_by_time", ["created_at"])


def downgrade() -> None:
    with op.batch_alter_table("review_decision", schema=None) as batch_op:
        batch_op.drop_index("decision_by_time")
        batch_op.drop_index("decision_by_reviewer")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index("review_held")
        batch_op.drop_column("held_until")
