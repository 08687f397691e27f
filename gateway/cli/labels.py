"""`privgate labels`: what the annotators made of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Data, settings_of
from gateway.client import Client, LabelFormat, api
from gateway.errors import Misconfigured

app = typer.Typer(no_args_is_help=True, help="The labels that annotators made: export.")


@app.callback()
def labels() -> None:
    """The labels that annotators made: export."""


@app.command()
def export(
    dataset: Annotated[str, typer.Argument(help="The dataset's id.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the labels go.")],
    format: Annotated[
        LabelFormat, typer.Option(help="coco: one JSON document. yolo: a ZIP; polygons become boxes.")
    ] = LabelFormat.COCO,
    url: Annotated[str, typer.Option(help="The gateway's address.")] = "http://127.0.0.1:8080",
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An officer's token [DIR/officer.token].")
    ] = None,
    data: Data = None,
) -> None:
    """Writes the newest labels of each released image, named by its asset's id; the export is on the log."""
    file = token_file or settings_of(data).data / "officer.token"
    try:
        token = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"there is no readable token in {file}; name its file with --token-file") from exc
    if not out.absolute().parent.is_dir():
        raise Misconfigured(f"{out.parent} is not a folder; name a file in one that is there with --out")
    with Client(url, token) as client:
        client.do(api.export_labels(dataset, out.absolute(), format=format))
    print(f"written to {out}")
