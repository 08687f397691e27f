"""Assets are counted as they change, and lists of them have the newest first

What happened before is counted from what the rows still tell: an asset's last state, at its last change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014_tallies"
down_revision = "0013_annotation"
branch_labels = None
depends_on = None

NEWEST = {
    "asset_newest": ["updated_at", "id"],
    "asset_newest_in_state": ["state", "updated_at", "id"],
    "asset_newest_for_reason": ["state", "reason", "updated_at", "id"],
    "asset_newest_in_dataset": ["dataset_id", "updated_at", "id"],
    "asset_newest_in_dataset_and_state": ["dataset_id", "state", "updated_at", "id"],
}

REVIEWED = "EXISTS (SELECT 1 FROM review WHERE review.asset_id = asset.id)"

# Outcome, the column of its time, the rows: known to both databases.
REMEMBERED = (
    ("received", "received_at", "asset"),
    ("released.at_once", "updated_at", f"asset WHERE state = 'released' AND NOT {REVIEWED}"),
    ("sent_to_review", "updated_at", f"asset WHERE {REVIEWED}"),
    ("released.after_review", "updated_at", f"asset WHERE state = 'released' AND {REVIEWED}"),
    ("quarantined", "updated_at", "asset WHERE state = 'quarantined'"),
    ("copied", "created_at", "copy"),
)

STAND = (
    "INSERT INTO asset_count (dataset_id, state, number) "
    "SELECT dataset_id, state, count(*) FROM asset GROUP BY dataset_id, state"
)
HAPPENED = (
    "INSERT INTO asset_day (day, dataset_id, outcome, reason, number) "
    "SELECT date({when}), dataset_id, '{outcome}', '', count(*) FROM {rows} GROUP BY date({when}), dataset_id"
)

RECOUNT = (STAND, *(HAPPENED.format(outcome=what, when=when, rows=rows) for what, when, rows in REMEMBERED))


def upgrade() -> None:
    op.create_table(
        "asset_count",
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.PrimaryKeyConstraint("dataset_id", "state"),
    )
    op.create_table(
        "asset_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"]),
        sa.PrimaryKeyConstraint("day", "dataset_id", "outcome", "reason"),
    )
    with op.batch_alter_table("asset", schema=None) as batch_op:
        batch_op.drop_index("ix_asset_state")
        batch_op.drop_index("ix_asset_updated_at")
        for name, columns in NEWEST.items():
            batch_op.create_index(name, columns)
    for statement in RECOUNT:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("asset", schema=None) as batch_op:
        for name in NEWEST:
            batch_op.drop_index(name)
        batch_op.create_index("ix_asset_updated_at", ["updated_at"])
        batch_op.create_index("ix_asset_state", ["state"])
    op.drop_table("asset_day")
    op.drop_table("asset_count")
