"""What `privgate policy preview` does: the parts of a worker, for as long as it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import installation
from gateway.cli.options import open_installation, settings_of
from gateway.cli.process import prepare
from gateway.detection.models import ModelStore
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.site_limits import site_limits
from gateway.services.detectors import PolicyDetectors
from gateway.services.originals import Originals
from gateway.services.people import CONSOLE
from gateway.services.policy_previews import share
from gateway.services.policy_trial import PARTS, PolicyTrial, Tried, summary
from gateway.store.database import Database
from gateway.store.queries import assets, datasets, policies
from gateway.store.records import AssetRecord
from policies.policy import Policy

WORDS = {
    "newly_hidden": "newly hidden",
    "newly_shown": "newly shown",
    "harder": "filled instead of blurred",
    "softer": "blurred instead of filled",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A policy, tried. dataset, against: on what, and against which version; version: its own."""

    dataset: str
    against: str
    version: str
    tried: Sequence[Tried]

    def lines(self) -> Iterator[str]:
        """What is told of it: a line an image, then the sums."""
        for one in self.tried:
            yield f"{one.asset_id}: {self.told_of(one)}"
        counts = summary(self.tried)
        failed = f"; {counts['failed']} could not be read" if counts["failed"] else ""
        yield f"{counts['images']} images, {counts['changed']} of them change{failed}"
        for part in PARTS:
            if counts[part] or counts[f"{part}_margins"]:
                yield f"{WORDS[part]}: {_things(counts, part)}"
        if kept := counts.get("kept_after"):
            yield f"kept visible by its zones: {kept}"
        if readings := counts.get("readings_after"):
            yield "lines read under it: " + ", ".join(f"{n} {name}" for name, n in readings.items())
        if counts["images"]:
            before, after = share(counts, "before"), share(counts, "after")
            yield f"released without a person: {before:.0%} before, {after:.0%} after"

    def told_of(self, one: Tried) -> str:
        """One image in words."""
        counts = summary([one])
        if counts["failed"]:
            return f"not read ({one.failure})"
        told = [
            f"{WORDS[part]} {_things(counts, part)}"
            for part in PARTS
            if counts[part] or counts[f"{part}_margins"]
        ]
        return "; ".join(told) or "no difference"


def _things(counts: dict[str, Any], part: str) -> str:
    kinds = [f"{number} {kind.replace('_', ' ')}" for kind, number in counts[part].items()]
    margins = counts[f"{part}_margins"]
    return ", ".join(kinds + ([f"{margins} in part"] if margins else []))


def try_policy(new: Policy, dataset: str, last: int, data: Path | None) -> Trial:
    """Raises NotFound, Misconfigured, KeyringError, LedgerUnavailable; then no original was opened."""
    prepare("policy", settings_of(data))
    settings, database = open_installation(data, jobs=False)
    originals = Originals(installation.original_blobs(settings), installation.original_keys(settings))
    with database.reading() as session:
        against = datasets.get(session, dataset).policy_version
        old = policies.load(session, against)
        chosen = assets.newest_in(session, dataset, limit=last)
    detectors = PolicyDetectors(
        ModelStore(settings.models), threads=len(os.sched_getaffinity(0)), precision=settings.precision
    )
    with Sandbox(site_limits(settings.max_megapixels, settings.decode_seconds)) as sandbox:
        trial = PolicyTrial(originals.open, sandbox, detectors)
        trial.check(old, new)
        _record(database, dataset, against, new.version, chosen)
        return Trial(dataset, against, new.version, trial.run(chosen, old, new))


def _record(
    database: Database, dataset: str, against: str, version: str, chosen: Sequence[AssetRecord]
) -> None:
    """On the log, before the first original is opened."""
    with database.unit() as unit:
        unit.ledger.record(
            actor=CONSOLE,
            action="policy.preview_opened",
            subject=dataset,
            asked_by=CONSOLE,
            version=version,
            against=against,
            dataset=dataset,
            images=len(chosen),
        )
