"""Policies as proposals, previews, and copies made anew"""

import sqlalchemy as sa
from alembic import op

revision = "0003_policies"
down_revision = "0002_review"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_proposal",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'effective', 'rejected') OR decided_by IS NOT NULL",
            name="decided_by_somebody",
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> author_id", name="nobody_decides_on_their_own"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["version"],
            ["policy_version.version"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("policy_proposal", schema=None) as batch_op:
        batch_op.create_index(
            "one_open_proposal_a_version",
            ["version"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('rejected', 'retired')"),
            postgresql_where=sa.text("state NOT IN ('rejected', 'retired')"),
        )

    op.create_table(
        "policy_preview",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["dataset.id"],
        ),
        sa.ForeignKeyConstraint(
            ["version"],
            ["policy_version.version"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("policy_preview", schema=None) as batch_op:
        batch_op.create_index("preview_by_dataset", ["dataset_id", "version"], unique=False)
        batch_op.create_index(
            "unfinished_previews",
            ["id"],
            unique=False,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "rederivation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["dataset.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("rederivation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rederivation_dataset_id"), ["dataset_id"], unique=False)
        batch_op.create_index(
            "one_rederivation_a_dataset",
            ["dataset_id"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "rederivation_item",
        sa.Column("rederivation_id", sa.String(), nullable=False),
        sa.Column("asset_id", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"],
            ["asset.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rederivation_id"],
            ["rederivation.id"],
        ),
        sa.PrimaryKeyConstraint("rederivation_id", "asset_id"),
    )
    with op.batch_alter_table("rederivation_item", schema=None) as batch_op:
        batch_op.create_index("rederivation_progress", ["rederivation_id", "outcome"], unique=False)

    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_at")

    with op.batch_alter_table("rederivation_item", schema=None) as batch_op:
        batch_op.drop_index("rederivation_progress")

    op.drop_table("rederivation_item")
    with op.batch_alter_table("rederivation", schema=None) as batch_op:
        batch_op.drop_index(
            "one_rederivation_a_dataset",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_rederivation_dataset_id"))

    op.drop_table("rederivation")
    with op.batch_alter_table("policy_preview", schema=None) as batch_op:
        batch_op.drop_index(
            "unfinished_previews",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
        batch_op.drop_index("preview_by_dataset")

    op.drop_table("policy_preview")
    with op.batch_alter_table("policy_proposal", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_proposal_a_version",
            sqlite_where=sa.text("state NOT IN ('rejected', 'retired')"),
            postgresql_where=sa.text("state NOT IN ('rejected', 'retired')"),
        )

    op.drop_table("policy_proposal")
