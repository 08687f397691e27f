"""`privgate assets`: what became of the images, by id; and those that are held, put through again."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.columns import columns
from gateway.cli.options import Data, open_installation
from policies.lifecycle import AssetState

app = typer.Typer(no_args_is_help=True, help="Images by id and state: list, requeue.")


@app.command("list")
def list_assets(
    dataset: Annotated[str, typer.Argument(help="The dataset's id.")],
    state: Annotated[AssetState | None, typer.Option(help="Only those in this state.")] = None,
    data: Data = None,
) -> None:
    """Shows each image's id, state and, where it waits or is held, the reason."""
    from gateway.services.tending import PAGE
    from gateway.store.queries import assets, datasets

    _, database = open_installation(data, jobs=False)
    after, rows = "", list[tuple[str, ...]]()
    while True:
        with database.reading() as session:
            datasets.get(session, dataset)
            page = assets.page(session, dataset, state=state, after=after, limit=PAGE)
        rows += [(asset.id, asset.state.value, asset.reason or "-") for asset in page]
        if len(page) < PAGE:
            break
        after = page[-1].id
    print(columns(("asset", "state", "reason"), rows))


@app.command()
def requeue(
    asset_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSET]...", help="As `list` shows them.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="CODE", help="All that are held for this reason.")
    ] = None,
    data: Data = None,
) -> None:
    """Has quarantined images put through again; each is on the log. What a person quarantined stays so."""
    from gateway.services.jobs import JobQueue
    from gateway.services.people import CONSOLE
    from gateway.services.tending import Tending
    from gateway.store.ledger import utc_now
    from gateway.store.queries import assets

    if bool(asset_ids) == (reason is not None):
        raise typer.BadParameter("name assets, or a --reason")
    settings, database = open_installation(data)
    queue = JobQueue(settings.jobs_database)
    try:
        if reason is not None:
            with database.reading() as session:
                asset_ids = assets.quarantined(session, reason)
        tending = Tending(database, queue.enqueue, utc_now)
        for asset_id in asset_ids or ():
            tending.requeue_here(asset_id, actor=CONSOLE)
            print(f"requeued {asset_id}")
    finally:
        queue.close()
        database.close()
    print(f"{len(asset_ids or ())} put through again")
