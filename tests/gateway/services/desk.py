"""A review desk with real keys, blobs and images, for tests; only the detectors are left out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from gateway.detection.detector import DetectorSet
from gateway.imaging.sandbox import Sandbox
from gateway.services.intake import ORIGINAL
from gateway.services.new_copies import NewCopies
from gateway.services.originals import Originals
from gateway.services.review_decide import Decided, ReviewDecisions
from gateway.services.review_holds import ReviewHolds
from gateway.services.review_image import ReviewImages
from gateway.services.review_opening import open_review
from gateway.services.review_queue import ReviewQueue
from gateway.services.review_remake import Remaker
from gateway.services.review_sheet import frames_of
from gateway.services.sanitize import Sanitizer
from gateway.services.sweep import Sweep
from gateway.store.database import Database
from gateway.store.queries import assets, copies, people, policies, reviews
from gateway.store.records import AssetRecord, CopyRecord, ReviewRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.policy import Policy, load_policy
from policies.review import Changes, ReviewVerdict
from tests.gateway.store.rows import NOW, OFFICER, asset_record, copy_record, seed

WIDTH, HEIGHT = 64, 48
NOTHING = Changes({}, {}, [])

STORED = {
    "policy_version": load_policy("street").version,
    "detections": [
        {
            "kind": "face",
            "region": {"x0": 2, "y0": 2, "x1": 14, "y1": 14},
            "score": 0.9,
            "source": "centerface",
        },
        {
            "kind": "face",
            "region": {"x0": 40, "y0": 2, "x1": 44, "y1": 6},
            "score": 0.3,
            "source": "mediapipe",
        },
    ],
    "redactions": [
        {"kind": "face", "region": {"x0": 0, "y0": 0, "x1": 16, "y1": 16}, "method": "blur"},
        {"kind": "license_plate", "region": {"x0": 16, "y0": 32, "x1": 48, "y1": 48}, "method": "blur"},
    ],
    "reasons": ["face.doubtful"],
    "milliseconds": {"decode": 1},
}


def picture() -> bytes:
    """A PNG of noise, always the same."""
    pixels = np.random.default_rng(7).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Desk:
    """reviewers: three of them. asked: the copies that workers were asked to remake, with the attempts.

    now: what the services take the time to be.
    """

    database: Database
    folder: Path
    sandbox: Sandbox
    now: datetime = NOW
    asked: list[tuple[str, int]] = field(default_factory=list)
    queue_is_away: bool = False

    def __post_init__(self) -> None:
        seed(self.database)
        LocalKeyring.create(self.folder / "keys")
        self.original_blobs = BlobStore.local(self.folder / "originals")
        self.copy_blobs = BlobStore.local(self.folder / "copies")
        self._original_keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.ORIGINALS)
        self._copy_keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.COPIES)
        self.originals = Originals(self.original_blobs, self._original_keys)
        self.reviewers = [Principal(f"person-reviewer-{n}", Role.REVIEWER) for n in range(3)]
        with self.database.unit() as unit:
            policies.keep(unit.session, load_policy("street"))
            for reviewer in self.reviewers:
                people.add_person(unit.session, person_id=reviewer.id, role=Role.REVIEWER, name=None, now=NOW)

    def clock(self) -> datetime:
        return self.now

    def ask(self, copy_id: str, attempts: int) -> None:
        if self.queue_is_away:
            raise ConnectionError("the queue is away")
        self.asked.append((copy_id, attempts))

    @property
    def queue(self) -> ReviewQueue:
        return ReviewQueue(self.database, self.clock)

    @property
    def decisions(self) -> ReviewDecisions:
        return ReviewDecisions(self.database, self.ask, self.clock)

    @property
    def holds(self) -> ReviewHolds:
        return ReviewHolds(self.database, self.ask, self.clock, actor="worker-1")

    @property
    def images(self) -> ReviewImages:
        return ReviewImages(self.database, self.originals, self.sandbox, self.clock)

    @property
    def sweep(self) -> Sweep:
        return Sweep(
            self.database,
            self.original_blobs,
            self.copy_blobs,
            lambda asset, attempts: None,
            self.clock,
            enqueue_remake=self.ask,
        )

    @property
    def remaker(self) -> Remaker:
        return Remaker(
            self.database,
            originals=self.originals,
            new_copies=NewCopies(self.copy_blobs, self._copy_keys),
            sanitizer=Sanitizer(self.sandbox, no_detectors),
            clock=self.clock,
            actor="worker-1",
            code_version="0",
        )

    def wait_for_people(
        self,
        name: str = "1",
        *,
        reviewers: int = 1,
        reasons: Sequence[str] = ("face.doubtful",),
        uploader: str = OFFICER,
    ) -> list[ReviewRecord]:
        """An image that needs review: its rounds. Its asset is asset-NAME, its copy copy-NAME."""
        asset = self._sealed(replace(asset_record(f"asset-{name}"), uploader_id=uploader))
        copy = replace(
            copy_record(f"copy-{name}", asset.id),
            width=WIDTH,
            height=HEIGHT,
            report=STORED,
            created_at=self.now,
        )
        with self.database.unit() as unit:
            assets.add(unit.session, replace(asset, state=AssetState.NEEDS_REVIEW), sealed_name=None)
            copies.add(unit.session, copy)
            open_review(unit, copy, reasons, reviewers=reviewers, actor="worker-1")
        with self.database.reading() as session:
            return reviews.of_copy(session, copy.id)

    def _sealed(self, asset: AssetRecord) -> AssetRecord:
        data_key, context = DataKey.generate(), EnvelopeContext(ORIGINAL, asset.id)
        self.original_blobs.put(asset.blob, seal(picture(), data_key, context))
        wrapped = self._original_keys.wrap(data_key, context.to_bytes()).to_bytes()
        return replace(asset, wrapped_key=wrapped)

    def decide(
        self,
        reviewer: Principal,
        review: ReviewRecord,
        verdict: ReviewVerdict = ReviewVerdict.RELEASE,
        changes: Changes = NOTHING,
        hold: timedelta | None = None,
    ) -> Decided:
        """Claims the review, is shown what is to be released, and decides."""
        self.queue.claim(reviewer, review.id)
        if verdict is ReviewVerdict.RELEASE:
            self.look(reviewer, review)
        return self.decisions.decide(reviewer, review.id, verdict=verdict, changes=changes, hold=hold)

    def look(self, reviewer: Principal, review: ReviewRecord, *frames: int) -> None:
        """These frames, or all, went out to the reviewer: what is noted of each, without its picture."""
        with self.database.reading() as session:
            every = range(frames_of(copies.get(session, review.copy_id)))
        for frame in frames or every:
            self.images.delivered(reviewer, review.id, frame)

    def asset(self, name: str = "1") -> AssetRecord:
        with self.database.reading() as session:
            return assets.get(session, f"asset-{name}")

    def newest(self, name: str = "1") -> CopyRecord:
        with self.database.reading() as session:
            found = copies.newest_of(session, f"asset-{name}")
        assert found is not None
        return found

    def review(self, review_id: str) -> ReviewRecord:
        with self.database.reading() as session:
            return reviews.get(session, review_id)

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)


def no_detectors(policy: Policy) -> DetectorSet:
    raise AssertionError("what people settled is not detected again")
