"""By whose invitation somebody has their account: a second officer whom the first let in may be the first

Of those who are here already the log tells it. Whose invitation it does not name counts as the operator's.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from gateway.store.log_terms import Kind, term
from gateway.store.queries import log_index

revision = "0020_who_invited"
down_revision = "0019_label_frames"
branch_labels = None
depends_on = None

INVITED = "account.invited"


def upgrade() -> None:
    for table in ("person", "invitation"):
        op.add_column(table, sa.Column("invited_by", sa.String(), nullable=True))
    connection = op.get_bind()
    for invitation, inviter in _invited(connection):
        # The operator's console is nobody who is here.
        connection.execute(
            sa.text(
                "UPDATE invitation SET invited_by = :inviter "
                "WHERE id = :invitation AND EXISTS (SELECT 1 FROM person WHERE id = :inviter)"
            ),
            {"invitation": invitation, "inviter": inviter},
        )
    # A newer invitation ends the one before: the last before the account is the one that made it.
    connection.execute(
        sa.text(
            "UPDATE person SET invited_by = (SELECT invitation.invited_by FROM invitation "
            "JOIN account ON account.person_id = invitation.person_id "
            "WHERE invitation.person_id = person.id AND invitation.created_at <= account.created_at "
            "ORDER BY invitation.created_at DESC LIMIT 1)"
        )
    )


def downgrade() -> None:
    # In place: made anew, the table of people would be dropped, and others refer to it.
    for table in ("invitation", "person"):
        op.drop_column(table, "invited_by")


def _invited(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """Ids of invitations, and who acted, by the entries' own texts."""
    rows = connection.execute(
        sa.text(
            "SELECT log_entry.id, log_entry.entry FROM log_term "
            "JOIN log_entry ON log_entry.id = log_term.entry_id "
            "WHERE log_term.term = :term AND log_entry.refused IS NULL"
        ),
        {"term": term(Kind.ACTION, INVITED)},
    ).all()
    return ((entry.subject, entry.actor) for _, entry in log_index.parsed(rows) if entry.action == INVITED)
