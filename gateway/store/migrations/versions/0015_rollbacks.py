"""Which policies a dataset was under, going back to one of them as an act of its own, progress of previews"""

import sqlalchemy as sa
from alembic import op

revision = "0015_rollbacks"
down_revision = "0014_tallies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset_policy",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("put_by", sa.String(), nullable=True),
        sa.Column("rollback_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["version"], ["policy_version.version"]),
        sa.ForeignKeyConstraint(["put_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("dataset_id", "number"),
    )
    op.create_table(
        "policy_rollback",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("leaves", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by OR state = 'withdrawn'",
            name="nobody_rolls_back_alone",
        ),
        sa.CheckConstraint("state = 'asked' OR decided_by IS NOT NULL", name="rollback_decided_by_somebody"),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.ForeignKeyConstraint(["version"], ["policy_version.version"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("policy_rollback", schema=None) as batch_op:
        batch_op.create_index(
            "one_open_rollback_a_dataset",
            ["dataset_id"],
            unique=True,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
    with op.batch_alter_table("policy_preview", schema=None) as batch_op:
        batch_op.add_column(sa.Column("looked_at", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("policy_preview", schema=None) as batch_op:
        batch_op.drop_column("looked_at")
    with op.batch_alter_table("policy_rollback", schema=None) as batch_op:
        batch_op.drop_index("one_open_rollback_a_dataset")
    op.drop_table("policy_rollback")
    op.drop_table("dataset_policy")
