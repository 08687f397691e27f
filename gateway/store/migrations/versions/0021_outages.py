"""Which part of the vault cannot be reached, and since when: workers write it, operators see it"""

import sqlalchemy as sa
from alembic import op

revision = "0021_outages"
down_revision = "0020_who_invited"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("part"),
    )


def downgrade() -> None:
    op.drop_table("outage")
