"""Drafts of labels, guidelines, and the landmarks that a class names"""

import sqlalchemy as sa
from alembic import op

revision = "0013_annotation"
down_revision = "0012_console_upload"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("label_category", schema=None) as batch_op:
        batch_op.add_column(sa.Column("landmarks", sa.JSON(), nullable=True))
    op.create_table(
        "label_draft",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["label_task.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("task_id", "person_id"),
    )
    with op.batch_alter_table("label_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_draft_person_id"), ["person_id"], unique=False)
    op.create_table(
        "guideline",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("dataset_id", "version"),
    )


def downgrade() -> None:
    op.drop_table("guideline")
    op.drop_table("label_draft")
    with op.batch_alter_table("label_category", schema=None) as batch_op:
        batch_op.drop_column("landmarks")
