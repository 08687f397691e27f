"""The models: each there, and the one that its entry names; and that policies name none that is not here."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.detection.manifest import OwnFile, Use
from gateway.detection.models import ModelState, ModelStore
from gateway.own_models.kept import KnownDetectors, Unreadable, unusable
from gateway.services.findings import Finding, broken, fine, warning
from gateway.store.database import Database
from gateway.store.queries import datasets, policies


def models(store: ModelStore) -> Iterator[Finding]:
    """A demonstration's file that is missing is a warning; a detector's stops the worker."""
    for status in store.list():
        entry = status.entry
        if status.state is ModelState.PRESENT:
            yield fine("models", f"{entry.name}, {entry.origin}, SHA-256 {entry.file_sha256[:16]}")
            continue
        if entry.use is Use.READING and status.state is ModelState.ABSENT:
            continue  # whether it is needed here, `reading` says
        level = broken if entry.use is Use.DETECTION else warning
        said = (
            f"the model {entry.name} is absent from {store.folder}"
            if status.state is ModelState.ABSENT
            else f"the file of the model {entry.name} in {store.folder} is not the manifest's"
        )
        own = f"privgate models import FILE, or privgate models remove {entry.name} and add it anew"
        yield level(
            "models", said, own if isinstance(entry, OwnFile) else f"privgate models fetch {entry.name}"
        )
    for one in store.own.all():
        if isinstance(one, Unreadable):
            said, _, remedy = unusable(one.name, one.reason).rpartition("; ")
            yield broken("models", said, remedy)


def detectors(known: KnownDetectors, database: Database) -> Iterator[Finding]:
    """Whether this machine has every detector that a dataset's policy names: a worker ends without."""
    with database.reading() as session:
        versions = sorted({dataset.policy_version for dataset in datasets.all_datasets(session)})
        rules = [rule for version in versions for rule in policies.load(session, version).rules]
    named = {name for rule in rules for name in rule.detectors}
    for name in sorted(named - set(known)):
        said = f"a dataset's policy names the detector {name}, which is not on this machine"
        yield broken("detectors", said, "privgate models add MANIFEST, with the model of this name")
    if named <= set(known):
        yield fine("detectors", f"the {len(named)} that datasets' policies name are here")
