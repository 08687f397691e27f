"""`privgate export`: a dataset's released, sanitized copies into a folder or an object store.

The copies come from the broker, under a grant of the token's person: each delivery is an entry of the log.
Beside them lies manifest.jsonl, a line a copy; what it lists already is not fetched a second time.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.ingesting.command import STOPPED, Dataset, Jobs, TokenFile, Url, read_token, stop_on_sigterm
from gateway.cli.ingesting.objects import ObjectPlace, Place, is_object_store
from gateway.cli.ingesting.sender import RunStopped, Sender
from gateway.client import Copy
from gateway.services.whole_files import write_whole

MANIFEST = "manifest.jsonl"
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/tiff": ".tif"}
SAVE_EVERY = 100
"""Copies after which the manifest is written: what an interrupted export fetches again at most."""


class FolderPlace:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        try:
            write_whole(self._folder / name, data)
        except OSError as exc:
            raise RunStopped(f"{self._folder / name} cannot be written: {exc.strerror}") from exc

    def get(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise RunStopped(f"{self._folder / name} cannot be read: {exc.strerror}") from exc


def export(
    dataset: Dataset,
    to: Annotated[str, typer.Option("--to", metavar="DIR|URL", help="A folder, or s3://bucket/prefix.")],
    url: Url,
    token_file: TokenFile,
    jobs: Jobs = 4,
) -> None:
    """Fetches a dataset's released, sanitized copies; the token's person needs a grant.

    Each copy fetched is a delivery in the log. Again, only what is new is fetched; what was withdrawn since
    stays where it lies, and is told. Status 0: all is there. 2: wrong usage, or the run cannot go on.
    """
    place: Place = ObjectPlace(to) if is_object_store(to) else FolderPlace(Path(to))
    sender = Sender(url, read_token(token_file))
    try:
        with stop_on_sigterm():
            listed = {copy.id: copy for copy in sender.copies(dataset)}
            manifest = _read_manifest(place)
            todo = [copy for copy in listed.values() if copy.id not in manifest]
            fetched = _fetch(sender, place, todo, manifest, jobs)
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this run stopped", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    finally:
        sender.close()
    print(f"{fetched} copies fetched, {len(listed) - len(todo)} were there; {MANIFEST} lists {len(manifest)}")
    if withdrawn := sorted(set(manifest) - set(listed)):
        print(f"{len(withdrawn)} of them are released no longer: {', '.join(withdrawn)}", file=sys.stderr)


def _fetch(
    sender: Sender, place: Place, todo: list[Copy], manifest: dict[str, dict[str, Any]], jobs: int
) -> int:
    fetched = 0
    try:
        with ThreadPoolExecutor(jobs) as pool:
            for start in range(0, len(todo), SAVE_EVERY):
                part = todo[start : start + SAVE_EVERY]
                for line in pool.map(lambda copy: _fetch_one(sender, place, copy), part):
                    if line is not None:
                        manifest[line["copy"]] = line
                        fetched += 1
                _write_manifest(place, manifest)
    except BaseException:
        _write_manifest(place, manifest)
        raise
    return fetched


def _fetch_one(sender: Sender, place: Place, copy: Copy) -> dict[str, Any] | None:
    """The manifest's line of a copy that is at its place, or None where it was withdrawn."""
    data = sender.content(copy.id)
    if data is None:
        return None
    name = copy.id + SUFFIXES.get(copy.media_type, "")
    place.put(name, data)
    return {
        "file": name,
        "copy": copy.id,
        "asset": copy.asset,
        "sha256": hashlib.sha256(data).hexdigest(),
        "media_type": copy.media_type,
        "width": copy.width,
        "height": copy.height,
        "policy_version": copy.policy_version,
    }


def _read_manifest(place: Place) -> dict[str, dict[str, Any]]:
    """By copy. Raises RunStopped for a file that is no manifest of ours."""
    data = place.get(MANIFEST)
    try:
        return {line["copy"]: line for line in _lines(data or b"")}
    except (ValueError, KeyError, TypeError) as exc:
        raise RunStopped(f"{MANIFEST} there is not ours or damaged; name another place with --to") from exc


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        yield json.loads(line)


def _write_manifest(place: Place, manifest: dict[str, dict[str, Any]]) -> None:
    if manifest:
        text = "".join(json.dumps(manifest[copy], sort_keys=True) + "\n" for copy in sorted(manifest))
        place.put(MANIFEST, text.encode("ascii"))
