"""A log of a million real entries: made by the code that makes them in the product, written in bulk.

Each entry is an `audit.entry.Entry` in a writer's chain, with its code under the installation's own key; leaf
hashes, tree, signed checkpoints and the file of them come from `audit.merkle`, `audit.checkpoint` and
`audit.outside`. Only the way into the database differs: rows by the thousand instead of one a transaction,
and the tree's places with them instead of by an update each. `privgate audit verify` then says if it is so.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from audit.checkpoint import Checkpoint, sign
from audit.entry import NO_PREVIOUS, Entry
from audit.merkle import CompactTree, leaf_hash
from audit.note import CheckpointSigner
from audit.outside import append_note
from gateway.store.queries import log_index, log_tree
from tests.bench.large_rows import Image, World

WRITERS: Final = 8
BATCH: Final = 1_000  # entries under one checkpoint, as the sequencer's batches are
WORKER: Final = "worker"

_ENTRY = (
    "INSERT INTO log_entry (writer, sequence, entry, mac, leaf_index, leaf_hash) "
    "VALUES (:writer, :sequence, :entry, :mac, :leaf_index, :leaf_hash)"
)
_CHECKPOINT = (
    "INSERT INTO log_checkpoint (size, note, frontier, created_at) "
    "VALUES (:size, :note, :frontier, :created_at)"
)


@dataclass(frozen=True, order=True)
class Act:
    """What an entry will say. Ordered by time."""

    time: datetime
    number: int
    actor: str = field(compare=False)
    action: str = field(compare=False)
    subject: str = field(compare=False)
    details: dict[str, str | int] = field(compare=False)


@dataclass
class Chain:
    """A writer's own, as `gateway.store.ledger` keeps it."""

    name: str
    sequence: int = 0
    previous: bytes = NO_PREVIOUS

    def entry(self, act: Act) -> Entry:
        made = Entry(
            writer=self.name,
            sequence=self.sequence,
            previous=self.previous,
            time=act.time,
            actor=act.actor,
            action=act.action,
            subject=act.subject,
            details=act.details,
        )
        self.sequence, self.previous = self.sequence + 1, made.digest()
        return made


def write_log(
    connection: Connection,
    world: World,
    *,
    entries: int,
    mac: Callable[[bytes], bytes],
    signer: CheckpointSigner,
    outside: Path,
) -> None:
    """The log, its checkpoints in the database and in the file, and what it is looked up by."""
    each = entries // len(world.images) + 2
    acts = islice(heapq.merge(*(_story(image, number, each) for number, image in _numbered(world))), entries)
    chains, tree = [Chain(f"w-{number:016x}") for number in range(WRITERS)], CompactTree()
    while chosen := list(islice(acts, BATCH)):
        made = [chains[(tree.size + place) % WRITERS].entry(act) for place, act in enumerate(chosen)]
        connection.execute(text(_ENTRY), [_row(entry, mac, tree) for entry in made])
        note = sign(Checkpoint(signer.name, tree.size, tree.root()), signer)
        connection.execute(text(_CHECKPOINT), [_checkpoint(tree, note, chosen[-1].time)])
        append_note(outside, note)
    log_index.rebuild(connection)
    log_tree.rebuild_blocks(connection)


def _numbered(world: World) -> Iterator[tuple[int, Image]]:
    return iter(enumerate(world.images))


def _row(entry: Entry, mac: Callable[[bytes], bytes], tree: CompactTree) -> dict[str, Any]:
    data = entry.to_bytes()
    leaf = leaf_hash(data)
    index = tree.size
    tree.append(leaf)
    return {
        "writer": entry.writer,
        "sequence": entry.sequence,
        "entry": data.decode("ascii"),
        "mac": mac(data),
        "leaf_index": index,
        "leaf_hash": leaf,
    }


def _checkpoint(tree: CompactTree, note: str, time: datetime) -> dict[str, Any]:
    return {
        "size": tree.size,
        "note": note,
        "frontier": b"".join(tree.frontier),
        "created_at": time.replace(tzinfo=None).isoformat(" "),
    }


def _story(image: Image, number: int, count: int) -> Iterator[Act]:
    """An image's life in `count` entries: taken in, judged, reviewed where it was, and then looked at."""
    time = image.received
    for place, (seconds, actor, action, subject, details) in enumerate(
        islice(_acts(image), count)  # `_acts` of a released image never end
    ):
        time += timedelta(seconds=seconds, microseconds=(number * 7919 + place * 104_729) % 900_000)
        yield Act(time, number, actor, action, subject, details)


Told = tuple[int, str, str, str, dict[str, str | int]]


def _acts(image: Image) -> Iterator[Told]:
    """Seconds since the last, who, what, about what, and how."""
    asset, dataset = image.asset, image.dataset
    yield (
        0,
        image.uploader,
        "asset.received",
        asset,
        {"dataset": dataset, "bytes": 2_900_000, "batch": image.batch},
    )
    if image.state == "quarantined":
        yield 4, WORKER, "asset.quarantined", asset, {"reason": "check.text_remains"}
    if image.copies:
        yield from _judged(image)
    while True:
        for person, grant in image.annotators:
            yield from _looked_at(image, person, grant)


def _judged(image: Image) -> Iterator[Told]:
    asset, copy = image.asset, image.copies[0]
    hidden: dict[str, str | int] = {"copy": copy, "hidden": 6, "code": "0.1.0"}
    if image.review is None:
        yield 5, WORKER, "asset.released", asset, {**hidden, "reason": ""}
        return
    yield 5, WORKER, "asset.needs_review", asset, {**hidden, "reason": "score.doubtful"}
    opened: dict[str, str | int] = {"asset": asset, "copy": copy, "round": 1, "risk": 2}
    yield 1, WORKER, "review.opened", image.review, opened
    if image.state == "needs_review":
        return
    yield 300, image.reviewer, "review.claimed", image.review, {"asset": asset}
    yield (
        1,
        image.reviewer,
        "original.shown",
        asset,
        {"review": image.review, "dataset": image.dataset, "frame": 0},
    )
    decided: dict[str, str | int] = {"asset": asset, "copy": copy, "round": 1, "verdict": "release"}
    yield 18, image.reviewer, "review.decided", image.review, {**decided, "added": 0, "moved": 1}
    yield 0, image.reviewer, "review.settled", copy, {"hidden": 6}
    second = image.copies[-1]
    made: dict[str, str | int] = {"copy": second, "instead": copy, "hidden": 6, "reason": "reviewed"}
    yield 4, WORKER, "asset.released", asset, made


def _looked_at(image: Image, person: str, grant: str) -> Iterator[Told]:
    """Where there is a copy, it is shown; where there is none, the request is denied and recorded."""
    where: dict[str, str | int] = {"asset": image.asset, "dataset": image.dataset, "grant": grant}
    if image.state != "released":
        denied: dict[str, str | int] = {"asked": "copy.read", "reason": "grant.none", "role": "annotator"}
        yield 30_000, person, "access.denied", image.asset, denied
        return
    yield 86_400, person, "task.claimed", image.task, {**where, "until": 1_780_000_000}
    shown = {**where, "purpose": "label-cars"}
    for seconds in (2, 30_000, 30_000):
        yield seconds, person, "copy.delivered", image.copies[-1], shown
    yield 200, person, "labels.submitted", image.task, {**where, "labels": 7, "number": 1}
