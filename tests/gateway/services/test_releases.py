"""Copy after copy of one original: what they show together is bounded, whoever asks for the next one and why.

The detector is a real one for a red square, whose boxes can be made larger, as those of another model are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway.detection.detector import DetectorSet
from gateway.detection.runtime import Precision
from gateway.imaging.releases import MOST
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.strokes import REVISION
from gateway.services import releases
from gateway.services.anonymize import Anonymizer
from gateway.services.new_copies import NewCopies
from gateway.services.originals import Originals
from gateway.services.prove import prove
from gateway.services.rederive import Rederivations
from gateway.services.rederiver import Rederiver
from gateway.services.review_decide import ReviewDecisions
from gateway.services.review_image import ReviewImages
from gateway.services.review_queue import ReviewQueue
from gateway.services.review_remake import Remaker
from gateway.services.review_sheet import redactions_of
from gateway.services.sanitize import Sanitizer
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, people, policies, reviews
from gateway.store.records import CopyRecord
from gateway.store.tables import Copy
from gateway.vault.blobs import BlobStore
from gateway.vault.copies import CopyReader
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Detection, Kind, RedactionMethod, Region
from policies.policy import Policy
from policies.review import Changes, ReviewVerdict
from tests.gateway.services.means import GOVERNOR, House
from tests.gateway.store.rows import DATASET, NOW, asset_record, entries

POLICY = """
name: policy-{name}
rules: [{{kind: face, method: {method}, grow: 0.0, detectors: [squares]}}]
release: {{sample: {sample}}}
"""
REVIEWER = Principal("person-reviewer", Role.REVIEWER)
SQUARE = Region(96, 96, 144, 144)
ONE_DATABASE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""For promises that no kind of database could break alone."""
BLUR, FILL = RedactionMethod.BLUR, RedactionMethod.FILL


def picture() -> bytes:
    """Noise with a red square."""
    pixels = np.random.default_rng(3).integers(0, 200, (240, 240, 3), dtype=np.uint8)
    pixels[SQUARE.y0 : SQUARE.y1, SQUARE.x0 : SQUARE.x1] = (255, 0, 0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class Squares:
    """wider: by so many pixels its box is than the square. meanwhile: happens while it looks, once."""

    name = "squares"
    kinds = frozenset({Kind.FACE})
    models: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.wider = 0
        self.meanwhile: Callable[[], None] | None = None

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        ys, xs = np.nonzero((pixels == (255, 0, 0)).all(axis=2))
        right = int(xs.max()) + 1 + self.wider
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        region = Region(int(xs.min()), int(ys.min()), right, int(ys.max()) + 1)
        return [Detection(Kind.FACE, region, 0.9, self.name)]


class Shop(House):
    """One asset, and workers that make its copies."""

    def open(self, sandbox: Sandbox) -> Shop:
        self.keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.ORIGINALS)
        self.originals = BlobStore.local(self.folder / "originals")
        self.squares, self.sandbox, self.made = Squares(), sandbox, 0
        self.sanitizer = Sanitizer(sandbox, self._detectors)
        self.worker = self._worker(self.sanitizer)
        data_key, context = DataKey.generate(), EnvelopeContext("original", "asset-1")
        self.originals.put("blob-of-asset-1", seal(picture(), data_key, context))
        wrapped = self.keys.wrap(data_key, context.to_bytes()).to_bytes()
        with self.database.unit() as unit:
            people.add_person(unit.session, person_id=REVIEWER.id, role=Role.REVIEWER, name=None, now=NOW)
            assets.add(unit.session, replace(asset_record("asset-1"), wrapped_key=wrapped), sealed_name=None)
        self.put()
        self.worker.run("asset-1")
        return self

    def _detectors(self, policy: Policy) -> DetectorSet:
        return DetectorSet([self.squares], absent={}, digests={}, precision=Precision.F32)

    def _worker(self, sanitizer: Sanitizer) -> Anonymizer:
        return Anonymizer(
            self.database,
            originals=self.originals,
            original_keys=self.keys,
            copy_blobs=self.copy_blobs,
            copy_keys=self._copy_keys,
            sanitizer=sanitizer,
            clock=self.clock,
            actor="worker-1",
            code_version="0",
        )

    def put(self, *, method: str = "blur", sample: float = 0.0) -> None:
        """The dataset under another version of one policy."""
        self.made += 1
        policy = Policy.parse(POLICY.format(name=self.made, method=method, sample=sample))
        with self.database.unit() as unit:
            policies.keep(unit.session, policy)
            datasets.put_under(unit.session, DATASET, policy.version)

    def again(self, wider: int = 0, *, method: str = "blur", sample: float = 0.0) -> CopyRecord:
        """The copy made anew, with boxes so much wider."""
        self.put(method=method, sample=sample)
        self.squares.wider = wider
        self.rederive()
        return self.newest()

    def rederive(self) -> str:
        Rederivations(self.database, self.clock).begin(GOVERNOR, DATASET)
        rederiver = Rederiver(self.database, self.worker, lambda *job: None, self.clock, actor="worker-1")
        return rederiver.run("asset-1")

    def newest(self) -> CopyRecord:
        return self.all()[0]

    def all(self) -> list[CopyRecord]:
        with self.database.reading() as session:
            return copies.all_of(session, "asset-1")

    def reviewed(self, changes: Changes) -> CopyRecord:
        """What a reviewer makes of the newest copy."""
        with self.database.reading() as session:
            [review] = reviews.of_copy(session, self.newest().id)
        ReviewQueue(self.database, self.clock).claim(REVIEWER, review.id)
        originals = Originals(self.originals, self.keys)
        ReviewImages(self.database, originals, self.sandbox, self.clock).delivered(REVIEWER, review.id, 0)
        decisions = ReviewDecisions(self.database, lambda *job: None, self.clock)
        decisions.decide(REVIEWER, review.id, verdict=ReviewVerdict.RELEASE, changes=changes)
        Remaker(
            self.database,
            originals=originals,
            new_copies=NewCopies(self.copy_blobs, self._copy_keys),
            sanitizer=self.sanitizer,
            clock=self.clock,
            actor="worker-1",
            code_version="0",
        ).run(review.copy_id)
        return self.newest()

    def rewrite(self, copy: CopyRecord, report: dict[str, object]) -> None:
        """As another release would have written its report."""
        with self.database.unit() as unit:
            row = unit.session.get(Copy, copy.id)
            assert row is not None
            row.report = report
            unit.session.add(row)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def shop(database: Database, tmp_path: Path, sandbox: Sandbox) -> Shop:
    return Shop(database, tmp_path).open(sandbox)


def methods(copy: CopyRecord) -> list[RedactionMethod]:
    return [one.method for one in redactions_of(copy)]


def spend(shop: Shop) -> list[CopyRecord]:
    """Copies in as many different blurs as may be; they were there, so they count, though withdrawn."""
    made = [shop.newest(), *(shop.again(8 * number) for number in range(1, MOST))]
    assert [methods(copy) for copy in made] == [[BLUR]] * MOST
    return made


@ONE_DATABASE
def test_the_next_different_blur_of_an_original_is_a_fill_and_says_so(shop: Shop) -> None:
    spend(shop)
    filled = shop.again(8 * MOST)
    assert methods(filled) == [FILL]
    assert filled.report["redactions"][0]["instead_of"] == "blur"
    assert releases.number_filled(filled.report) == 1
    [entry] = [one for one in entries(shop.database) if one.details.get("copy") == filled.id]
    assert (entry.action, entry.details["filled"]) == ("asset.released", 1)
    assert entry.details["filled_for"] == releases.SPENT


@ONE_DATABASE
def test_a_copy_that_shows_what_an_earlier_one_showed_is_blurred_as_often_as_one_likes(shop: Shop) -> None:
    spend(shop)
    shop.again(8 * MOST)
    assert [methods(shop.again()) for _ in range(3)] == [[BLUR]] * 3
    assert methods(shop.again(8 * MOST)) == [FILL]


@ONE_DATABASE
def test_a_copy_that_was_never_delivered_does_not_count(shop: Shop) -> None:
    for number in range(1, MOST + 2):
        waiting = shop.again(8 * number, sample=1.0)
        assert methods(waiting) == [BLUR]
    with shop.database.reading() as session:
        assert assets.get(session, "asset-1").state is AssetState.NEEDS_REVIEW
    assert methods(shop.again(8)) == [BLUR]


@ONE_DATABASE
def test_what_a_reviewer_moves_counts_as_well(shop: Shop) -> None:
    spend(shop)
    waiting = shop.again(sample=1.0)
    assert methods(waiting) == [BLUR]
    moved = Changes({0: Region(88, 88, 160, 160)}, {}, [])
    settled = shop.reviewed(moved)
    assert [(one.region, one.method) for one in redactions_of(settled)] == [(Region(88, 88, 160, 160), FILL)]
    assert settled.report["redactions"][0] == {
        **settled.report["redactions"][0],
        "instead_of": "blur",
        "origin": "moved",
    }
    last = entries(shop.database)[-1]
    assert (last.details["reason"], last.details["filled"]) == ("reviewed", 1)


@ONE_DATABASE
def test_what_was_filled_in_the_reviewed_copy_is_still_told_in_the_next(shop: Shop) -> None:
    spend(shop)
    waiting = shop.again(8 * MOST, sample=1.0)
    settled = shop.reviewed(Changes({}, {}, []))
    assert methods(waiting) == methods(settled) == [FILL]
    assert releases.number_filled(settled.report) == 1


def test_of_two_workers_neither_slips_past_the_other(shop: Shop) -> None:
    """One looks while another releases the last blur that there may be; and the policy changes once more."""
    for number in range(1, MOST - 1):
        shop.again(8 * number)
    shop.put()

    def overtaken() -> None:
        assert methods(shop.again(8 * MOST)) == [BLUR]
        shop.put()
        shop.squares.wider = 8 * MOST + 8

    shop.squares.meanwhile = overtaken
    shop.squares.wider = 8 * MOST - 8
    shop.rederive()
    assert [methods(copy) for copy in shop.all()] == [[FILL]] + [[BLUR]] * MOST


@ONE_DATABASE
def test_a_filled_copy_is_proven_to_hold_nothing_of_what_it_hides(shop: Shop, sandbox: Sandbox) -> None:
    spend(shop)
    copy = shop.again(8 * MOST)
    made = CopyReader(shop.copy_blobs, shop._copy_keys).read(copy.id, copy.blob, copy.wrapped_key)
    proof = prove(picture(), made, redactions_of(copy), sandbox)
    assert (proof.methods, proof.bits_left) == ({"fill": 1}, 0)


def test_a_blur_of_an_earlier_revision_is_made_anew_under_the_same_policy(shop: Shop) -> None:
    first = shop.newest()
    assert shop.rederive() == "none"
    shop.rewrite(first, {key: value for key, value in first.report.items() if key != releases.REVISION})
    assert shop.rederive() == "released"
    assert (methods(shop.newest()), shop.newest().report[releases.REVISION]) == ([BLUR], REVISION)
    assert shop.rederive() == "none"


def test_a_fill_of_before_there_were_revisions_is_right_as_it_is(shop: Shop) -> None:
    filled = shop.again(method="fill")
    shop.rewrite(filled, {key: value for key, value in filled.report.items() if key != releases.REVISION})
    assert shop.rederive() == "none"
    assert shop.newest().id == filled.id
