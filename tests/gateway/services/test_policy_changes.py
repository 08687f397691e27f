"""What happens to copies when a dataset's policy changes, also in the middle of making one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from gateway.errors import Conflict, MalformedImage, MissingDetector, NotFound, Withdrawn
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat
from gateway.services.anonymize import Anonymizer
from gateway.services.apply_policy import Applied, PolicyApplication
from gateway.services.rederive import Rederivations
from gateway.services.rederiver import CURRENT, NOT_MADE, PASSED_OVER, Rederiver
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.services.tending import Tending
from gateway.store.database import Database
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.queries import assets, copies, datasets, policies, policy_previews, proofs
from gateway.store.records import CopyRecord, PreviewRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.lifecycle import AssetState
from policies.model import Kind, Plan, Redaction, RedactionMethod, Region, Size, Verdict
from policies.policy import Policy, load_policy, preset_names
from tests.gateway.services.means import GOVERNOR, READER, House
from tests.gateway.store.rows import DATASET, NOW, OFFICER, asset_record, copy_record, entries

STREET = load_policy("street")
LAXER = STREET.narrowed(kinds=[Kind.LICENSE_PLATE])
STRICTER = STREET.narrowed(method=RedactionMethod.FILL)
BY_HAND = Redaction(Region(0, 0, 8, 8), Kind.FACE, RedactionMethod.FILL)


@dataclass
class Sanitizing:
    """Stands where the sanitizer does: a copy that is ready, after something has happened meanwhile."""

    meanwhile: Callable[[], None] = lambda: None
    verdict: Verdict = Verdict.RELEASE
    carried: list[Redaction] = field(default_factory=list)

    def sanitize(
        self, data: bytes, policy: Policy, *, carried: tuple[Redaction, ...] = (), **_: object
    ) -> Sanitized:
        happening, self.meanwhile = self.meanwhile, lambda: None
        happening()
        self.carried = list(carried)
        encoded = encode(np.zeros((8, 8, 3), np.uint8), ImageFormat.PNG, lossless=True)
        plan = Plan((), self.verdict, () if self.verdict is Verdict.RELEASE else ("face.doubtful",))
        return Sanitized(encoded, Size(8, 8), (), plan, {}, (), "f32", {})


class Changes(House):
    """A dataset under `street`, one released asset, and what can be done to them."""

    def prepare(self) -> Changes:
        keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.ORIGINALS)
        originals = BlobStore.local(self.folder / "originals")
        self.sanitizing = Sanitizing()
        self.anonymizer = Anonymizer(
            self.database,
            originals=originals,
            original_keys=keys,
            copy_blobs=self.copy_blobs,
            copy_keys=self._copy_keys,
            sanitizer=cast(Sanitizer, self.sanitizing),
            clock=self.clock,
            actor="worker-1",
            code_version="0",
        )
        self.jobs: list[tuple[str, str, str]] = []
        self.rederiver = Rederiver(
            self.database, self.anonymizer, lambda *job: self.jobs.append(job), self.clock, actor="worker-1"
        )
        data_key, context = DataKey.generate(), EnvelopeContext("original", "asset-1")
        originals.put("blob-of-asset-1", seal(b"an image", data_key, context))
        wrapped = keys.wrap(data_key, context.to_bytes()).to_bytes()
        with self.database.unit() as unit:
            for policy in (LAXER, STRICTER):
                policies.keep(unit.session, policy)
            assets.add(unit.session, replace(asset_record("asset-1"), wrapped_key=wrapped), sealed_name=None)
        return self

    def put(self, policy: Policy) -> None:
        """As the application of a policy does it."""
        with self.database.unit() as unit:
            datasets.put_under(unit.session, DATASET, policy.version)

    def apply(self, reference: str, *, withdraw: bool = False) -> Applied:
        return PolicyApplication(self.database, self.clock).apply(
            GOVERNOR, DATASET, reference, withdraw=withdraw
        )

    def rederive(self) -> None:
        Rederivations(self.database, self.clock).begin(GOVERNOR, DATASET)

    def newest(self) -> CopyRecord:
        with self.database.reading() as session:
            found = copies.newest_of(session, "asset-1")
        assert found is not None
        return found

    def state(self) -> AssetState:
        with self.database.reading() as session:
            return assets.get(session, "asset-1").state

    def outcomes(self) -> dict[str, int]:
        return dict(Rederivations(self.database, self.clock).progress(GOVERNOR, DATASET).outcomes)


@pytest.fixture
def changes(database: Database, tmp_path: Path) -> Changes:
    return Changes(database, tmp_path).prepare()


def test_a_copy_is_never_settled_under_a_policy_that_was_changed_meanwhile(changes: Changes) -> None:
    changes.sanitizing.meanwhile = lambda: changes.put(STRICTER)
    assert changes.anonymizer.run("asset-1") is AssetState.RELEASED
    assert changes.newest().report["policy_version"] == STRICTER.version
    assert len(list(changes.copy_blobs.names())) == 1  # what was made under the old one is cleared away
    assert [e.details["policy"] for e in entries(changes.database)] == [STRICTER.version]


@pytest.mark.parametrize("reason", proofs.UNPROVABLE)
def test_a_copy_that_could_not_be_proven_is_made_anew_under_the_same_policy(
    changes: Changes, reason: str
) -> None:
    changes.anonymizer.run("asset-1")
    first = changes.newest()
    proof = ProofRecord("proof-1", "asset-1", first.id, DATASET, OFFICER, NOW)
    with changes.database.unit() as unit:
        proofs.add(unit.session, proof)
        proofs.finish(unit.session, proof.id, ProofOutcome.NOT_PROVEN, now=NOW, reason=reason)
    changes.rederive()
    assert changes.rederiver.run("asset-1") == "released"
    assert changes.newest().revision == 2
    changes.rederive()  # the new one was written by these libraries: nothing is left to do
    assert changes.outcomes() == {}


def test_making_anew_replaces_and_withdraws_in_one_step(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    first = changes.newest()
    changes.put(LAXER)
    changes.rederive()
    assert changes.rederiver.run("asset-1") == "released"
    second = changes.newest()
    assert (second.revision, second.report["policy_version"]) == (2, LAXER.version)
    with changes.database.reading() as session:
        assert copies.get(session, first.id).withdrawn_at == NOW
    assert changes.outcomes() == {"released": 1}
    entry = entries(changes.database)[-1]
    assert (entry.action, entry.details["replaces"]) == ("asset.released", first.id)
    # A job that is done again finds nothing to do.
    assert changes.rederiver.run("asset-1") == "none"
    assert changes.newest() == second


def test_a_doubtful_new_copy_waits_for_a_person_and_the_old_one_is_gone(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    first = changes.newest()
    changes.put(LAXER)
    changes.rederive()
    changes.sanitizing.verdict = Verdict.REVIEW
    assert changes.rederiver.run("asset-1") == "needs_review"
    assert changes.state() is AssetState.NEEDS_REVIEW
    changes.grant()
    with pytest.raises(Withdrawn):
        changes.broker.deliver(READER, first.id)
    with pytest.raises(NotFound):
        changes.broker.deliver(READER, changes.newest().id)


def test_regions_that_people_put_there_are_hidden_in_the_new_copy(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    report = {
        **changes.newest().report,
        "redactions": [{"kind": "face", "region": BY_HAND.region.to_dict(), "method": "fill"}],
    }
    with changes.database.unit() as unit:
        copies.add(unit.session, replace(copy_record("copy-2", "asset-1", 2), report=report))
    changes.put(LAXER)
    changes.rederive()
    changes.rederiver.run("asset-1")
    assert changes.sanitizing.carried == [BY_HAND]
    assert changes.newest().revision == 3


def test_a_policy_changed_in_the_middle_of_making_anew_is_the_one_that_counts(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()
    changes.sanitizing.meanwhile = lambda: changes.put(STRICTER)
    assert changes.rederiver.run("asset-1") == "released"
    assert changes.newest().report["policy_version"] == STRICTER.version
    assert changes.newest().revision == 2


def test_an_asset_that_left_its_state_meanwhile_is_passed_over(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()
    with changes.database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.ERASED, now=NOW)
    assert changes.rederiver.run("asset-1") == PASSED_OVER
    assert changes.newest().revision == 1


def test_a_copy_that_is_right_already_is_left_alone(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()
    changes.put(STREET)
    assert changes.rederiver.run("asset-1") == CURRENT
    assert changes.newest().revision == 1


def test_an_original_that_is_refused_now_is_held_and_nothing_of_it_is_delivered(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    first = changes.newest()
    changes.put(LAXER)
    changes.rederive()

    def refuse() -> None:
        raise MalformedImage("it does not decode", advice="send another")

    changes.sanitizing.meanwhile = refuse
    assert changes.rederiver.run("asset-1") == "quarantined"
    assert changes.outcomes() == {"quarantined": 1}
    changes.grant()
    with pytest.raises(NotFound):
        changes.broker.deliver(READER, first.id)


def test_a_policy_that_no_worker_can_run_changes_nothing(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()

    def cannot() -> None:
        raise MissingDetector("there is no detector here")

    changes.sanitizing.meanwhile = cannot
    assert changes.rederiver.run("asset-1") == NOT_MADE
    assert (changes.state(), changes.newest().revision) == (AssetState.RELEASED, 1)
    changes.rederive()  # asked for again, it is tried again
    assert changes.rederiver.run("asset-1") == "released"


def test_a_job_that_kills_its_worker_each_time_holds_the_asset(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()

    def die() -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        changes.sanitizing.meanwhile = die
        with pytest.raises(KeyboardInterrupt):
            changes.rederiver.run("asset-1")
    assert changes.rederiver.run("asset-1") == "quarantined"
    assert changes.state() is AssetState.QUARANTINED


def test_an_image_that_had_a_copy_and_is_put_again_comes_back_through_a_person(changes: Changes) -> None:
    """It was held for a reason, and people may have decided on it meanwhile: the machine alone lets it go
    no more.
    """
    changes.anonymizer.run("asset-1")
    with changes.database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=NOW, reason="job.attempts")
    tending = Tending(changes.database, lambda *job: None, changes.clock)
    tending.requeue_here("asset-1", actor="operator-console")
    assert changes.anonymizer.run("asset-1") is AssetState.NEEDS_REVIEW
    assert (changes.newest().revision, changes.newest().report["reasons"]) == (2, ["requeued"])


def test_the_keeper_enqueues_what_waits_and_ends_what_is_done(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.put(LAXER)
    changes.rederive()
    changes.rederiver.tend()
    changes.rederiver.tend()
    ((workflow, asset, turn),) = set(changes.jobs)
    assert (workflow, asset) == ("rederive_asset", "asset-1")
    assert turn.endswith(":asset-1:0")
    changes.rederiver.run("asset-1")
    changes.rederiver.tend()
    finished = entries(changes.database)[-1]
    assert (finished.action, finished.details["released"]) == ("dataset.rederivation_finished", 1)
    assert len(changes.jobs) == 2


def seen(changes: Changes, version: str) -> None:
    """A preview of this version that came to its end."""
    with changes.database.unit() as unit:
        record = PreviewRecord("preview-1", "cctv", version, DATASET, OFFICER, 1, NOW)
        policy_previews.add(unit.session, record)
        policy_previews.finish(unit.session, "preview-1", now=NOW, result={"counts": {}})


def test_nothing_takes_effect_that_was_not_previewed_on_these_images(changes: Changes) -> None:
    with pytest.raises(Conflict, match="was not previewed on this dataset"):
        changes.apply("cctv")
    with changes.database.reading() as session:
        assert datasets.get(session, DATASET).policy_version == STREET.version


def test_copies_of_an_unreadable_version_count_as_hiding_too_little(changes: Changes) -> None:
    cctv = load_policy("cctv")
    with changes.database.unit() as unit:
        policies.keep(unit.session, cctv)
        assets.move(unit.session, "asset-1", AssetState.PROCESSING, now=NOW)
        assets.move(unit.session, "asset-1", AssetState.RELEASED, now=NOW)
        copies.add(unit.session, copy_record("copy-1", "asset-1"))  # of a version that is not stored
    seen(changes, cctv.version)
    assert changes.apply("cctv").withdrawn == 1
    changes.grant()
    with pytest.raises(Withdrawn):
        changes.broker.deliver(READER, "copy-1")


def test_the_same_policy_again_changes_nothing_and_enters_nothing(changes: Changes) -> None:
    before = len(entries(changes.database))
    applied = changes.apply("street", withdraw=True)
    assert (applied.old, applied.withdrawn, applied.stricter) == (STREET.version, 0, False)
    assert len(entries(changes.database)) == before
    assert "street" in preset_names()
