"""Groups and what they are given; people and grants by page; how long labelling took"""

import sqlalchemy as sa
from alembic import op

revision = "0009_workforce"
down_revision = "0008_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _groups()
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.create_index("grant_by_time", ["created_at", "id"])
        batch_op.create_index("grant_by_dataset", ["dataset_id", "created_at", "id"])
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("person_by_time", ["created_at", "id"])
    with op.batch_alter_table("label_task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(), nullable=True))
    with op.batch_alter_table("label_submission", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seconds", sa.Integer(), nullable=True))
        batch_op.create_index("label_submission_by_person", ["person_id", "submitted_at"])


def _groups() -> None:
    op.create_table(
        "work_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "group_member",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["work_group.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("group_id", "person_id"),
    )
    op.create_index("ix_group_member_person_id", "group_member", ["person_id"])
    op.create_table(
        "group_grant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["work_group.id"]),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("group_grant_by_group", "group_grant", ["group_id", "dataset_id"])
    op.create_index("ix_group_grant_dataset_id", "group_grant", ["dataset_id"])
    op.create_table(
        "member_grant",
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("group_grant_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"]),
        sa.ForeignKeyConstraint(["group_grant_id"], ["group_grant.id"]),
        sa.PrimaryKeyConstraint("grant_id"),
    )
    op.create_index("ix_member_grant_group_grant_id", "member_grant", ["group_grant_id"])


def downgrade() -> None:
    with op.batch_alter_table("label_submission", schema=None) as batch_op:
        batch_op.drop_index("label_submission_by_person")
        batch_op.drop_column("seconds")
    with op.batch_alter_table("label_task", schema=None) as batch_op:
        batch_op.drop_column("claimed_at")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("person_by_time")
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index("grant_by_dataset")
        batch_op.drop_index("grant_by_time")
    for table in ("member_grant", "group_grant", "group_member", "work_group"):
        op.drop_table(table)
