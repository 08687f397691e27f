"""Alembic's entry point: the connection comes from `Database.migrate`, or from `alembic -x url=…`."""

from alembic import context
from sqlmodel import SQLModel, create_engine

from gateway.store import (  # noqa: F401  (they fill the metadata)
    account_tables,
    batch_tables,
    label_tables,
    log_tables,
    policy_tables,
    process_tables,
    proof_tables,
    review_tables,
    tables,
    tally_tables,
    workforce_tables,
)


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)  # type: ignore[arg-type]
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).connect() as made:
        _run(made)
        made.commit()
