"""How many frames an image had when it was labelled: each is exported as an image of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0019_label_frames"
down_revision = "0018_review_frames"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of the database's own, so that a process of the release before can go on submitting.
    with op.batch_alter_table("label_submission", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frames", sa.Integer(), server_default=sa.text("1"), nullable=False))
    submission = sa.table("label_submission", sa.column("copy_id"), sa.column("frames"))
    copy = sa.table("copy", sa.column("id"), sa.column("report", sa.JSON()))
    said = copy.c.report["frames"].as_integer()
    several = (
        sa.select(said)
        .where(copy.c.id == submission.c.copy_id, said > 1)
        .correlate(submission)
        .scalar_subquery()
    )
    # What was labelled of these was their first frame, where labels without a number are.
    op.execute(sa.update(submission).where(several.is_not(None)).values(frames=several))


def downgrade() -> None:
    with op.batch_alter_table("label_submission", schema=None) as batch_op:
        batch_op.drop_column("frames")
