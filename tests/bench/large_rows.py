"""A large installation's people, data sets, images and grants: rows as the services would leave them.

Drawn from a seeded generator, so that two runs measure the same. There are no blobs: whoever opens an image
finds none; pages do not look.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert
from sqlmodel import SQLModel

from gateway.store.batch_tables import Batch, BatchAsset
from gateway.store.label_tables import LabelCategory, LabelTask
from gateway.store.review_tables import Review
from gateway.store.tables import Asset, Copy, Dataset, Grant, Person, PersonName, PolicyVersion
from policies.policy import load_policy

BEGAN: Final = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
SPAN: Final = timedelta(days=260)
REVIEWED: Final = timedelta(seconds=331)  # from a copy to the one that a review puts in its place
PURPOSES: Final = ("label-cars", "street-objects", "wound-care", "quality-check")
CATEGORIES: Final = ("car", "lorry", "bicycle", "person", "sign")
STAFF: Final = {"officer": 4, "uploader": 12, "reviewer": 16, "annotator": 80, "auditor": 3, "operator": 2}
GIVEN: Final = ("Ada", "Bo", "Cleo", "Dan", "Edda", "Finn", "Gita", "Hugo", "Ines", "Jon", "Kaja", "Leo")
FAMILY: Final = ("Arden", "Brandt", "Costa", "Dahl", "Eze", "Fuchs", "Gray", "Harlow", "Ito", "Jansen")
STATES: Final[tuple[tuple[str, float], ...]] = (
    ("released", 0.86),
    ("needs_review", 0.07),
    ("quarantined", 0.04),
    ("received", 0.02),
    ("processing", 0.01),
)


@dataclass
class Image:
    """One asset's story, for the entries that speak of it."""

    asset: str
    dataset: str
    batch: str
    uploader: str
    state: str
    received: datetime
    copies: list[str]
    review: str | None
    reviewer: str
    task: str
    annotators: list[tuple[str, str]]


@dataclass
class World:
    """Rows by table, in the order in which they may be inserted; and the images' stories."""

    rows: dict[type[SQLModel], list[dict[str, Any]]] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)

    def add(self, row: SQLModel) -> None:
        columns = row.__table__.columns  # type: ignore[attr-defined]
        values = {column.key: getattr(row, column.key) for column in columns}
        self.rows.setdefault(type(row), []).append(values)

    def write(self, connection: Connection) -> None:
        for table, rows in self.rows.items():
            connection.execute(insert(table), rows)


class Drawing:
    """Makes a World."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.world = World()
        self.policy = load_policy("street")

    def id(self, kind: str) -> str:
        return f"{kind}-{self.random.getrandbits(96):024x}"

    def draw(self, assets: int, *, datasets: int = 24) -> World:
        self._people()
        policy = self.policy
        document = policy.canonical().decode()
        self.world.add(PolicyVersion(version=policy.version, name=policy.name, document=document))
        named = [self._dataset(number) for number in range(datasets)]
        grants = {dataset: self._grants(dataset) for dataset in named}
        for first in range(0, assets, 50):
            dataset = named[(first // 50) % datasets]
            begun = BEGAN + SPAN * 0.9 * (first / assets)
            self._batch(dataset, grants[dataset], begun, min(50, assets - first))
        order = (Person, PersonName, PolicyVersion, Dataset, LabelCategory, Grant, Batch, Asset, BatchAsset)
        rows = self.world.rows
        self.world.rows = {table: rows[table] for table in (*order, Copy, Review, LabelTask)}
        return self.world

    def _people(self) -> None:
        for role, count in STAFF.items():
            for number in range(count):
                person = self.id("person")
                self.world.people.setdefault(role, []).append(person)
                self.world.add(Person(id=person, role=role, created_at=BEGAN))
                name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[(number * 7 + len(role)) % len(FAMILY)]}"
                self.world.add(PersonName(person_id=person, name=f"{name} {number + 1}"))

    def _dataset(self, number: int) -> str:
        dataset = self.id("dataset")
        officer = self.world.people["officer"][0]
        self.world.add(
            Dataset(
                id=dataset,
                name=f"Harrow Lane {number + 1}",
                policy_version=self.policy.version,
                created_by=officer,
                created_at=BEGAN,
            )
        )
        for place, name in enumerate(CATEGORIES):
            self.world.add(LabelCategory(dataset_id=dataset, number=place + 1, name=name, used=True))
        return dataset

    def _grants(self, dataset: str) -> list[tuple[str, str]]:
        """Annotator and grant."""
        found = []
        for person in self.random.sample(self.world.people["annotator"], 8):
            grant = self.id("grant")
            self.world.add(
                Grant(
                    id=grant,
                    person_id=person,
                    dataset_id=dataset,
                    purpose=self.random.choice(PURPOSES),
                    until=BEGAN + SPAN * 2,
                    created_by=self.world.people["officer"][0],
                    created_at=BEGAN,
                )
            )
            found.append((person, grant))
        return found

    def _batch(self, dataset: str, grants: list[tuple[str, str]], begun: datetime, count: int) -> None:
        batch, uploader = self.id("batch"), self.random.choice(self.world.people["uploader"])
        closed = begun + timedelta(minutes=10)
        self.world.add(
            Batch(
                id=batch,
                dataset_id=dataset,
                created_by=uploader,
                expected=count,
                created_at=begun,
                closed_at=closed,
            )
        )
        for number in range(count):
            received = begun + timedelta(seconds=number * 6)
            image = self._image(dataset, batch, uploader, received, grants)
            self.world.images.append(image)

    def _image(
        self, dataset: str, batch: str, uploader: str, received: datetime, grants: list[tuple[str, str]]
    ) -> Image:
        names, weights = [name for name, _ in STATES], [weight for _, weight in STATES]
        state = self.random.choices(names, weights)[0]
        asset, settled = self.id("asset"), received + timedelta(seconds=5)
        self.world.add(
            Asset(
                id=asset,
                dataset_id=dataset,
                uploader_id=uploader,
                state=state,
                reason="check.text_remains" if state == "quarantined" else None,
                blob=self.id("blob"),
                wrapped_key=b"\x01" * 60,
                byte_length=self.random.randint(400_000, 6_000_000),
                received_at=received,
                updated_at=settled,
            )
        )
        self.world.add(BatchAsset(batch_id=batch, asset_id=asset, uploads=1, duplicates=0))
        copies = self._copies(asset, dataset, state, settled)
        review = self._review(asset, dataset, copies, state, settled)
        task = self.id("task")
        if state == "released":
            self.world.add(LabelTask(id=task, asset_id=asset, dataset_id=dataset, created_at=settled))
        reviewer = self.random.choice(self.world.people["reviewer"])
        annotators = self.random.sample(grants, 3)
        return Image(
            asset, dataset, batch, uploader, state, received, copies, review, reviewer, task, annotators
        )

    def _copies(self, asset: str, dataset: str, state: str, made: datetime) -> list[str]:
        if state not in ("released", "needs_review"):
            return []
        found = [self.id("copy") for _ in range(1 if self.random.random() < 0.8 else 2)]
        for revision, copy in enumerate(found, start=1):
            self.world.add(
                Copy(
                    id=copy,
                    asset_id=asset,
                    dataset_id=dataset,
                    revision=revision,
                    blob=self.id("blob"),
                    wrapped_key=b"\x02" * 60,
                    media_type="image/jpeg",
                    byte_length=1_500_000,
                    width=1920,
                    height=1080,
                    report=self._report(),
                    created_at=made + (revision - 1) * REVIEWED,
                    withdrawn_at=None if revision == len(found) else made + REVIEWED,
                )
            )
        return found

    def _report(self) -> dict[str, Any]:
        regions = [
            {"x0": x, "y0": y, "x1": x + 64, "y1": y + 64}
            for x, y in (
                (self.random.randrange(0, 1800, 8), self.random.randrange(0, 1000, 8)) for _ in range(6)
            )
        ]
        return {
            "policy_version": self.policy.version,
            "code_version": "0.1.0",
            "models": {"centerface": "0" * 64},
            "absent": [],
            "precision": "f32",
            "redactions": [{"kind": "face", "region": region, "method": "fill"} for region in regions],
            "detections": [
                {"kind": "face", "region": region, "score": 0.71, "source": "centerface"}
                for region in regions
            ],
            "reasons": [],
            "milliseconds": {"decode": 40, "detect": 900},
        }

    def _review(
        self, asset: str, dataset: str, copies: list[str], state: str, opened: datetime
    ) -> str | None:
        """Of what waits for one, and of what was released by one."""
        if state != "needs_review" and len(copies) != 2:
            return None
        review = self.id("review")
        open_ = state == "needs_review"
        self.world.add(
            Review(
                id=review,
                asset_id=asset,
                dataset_id=dataset,
                copy_id=copies[-1] if open_ else copies[0],
                round=1,
                state="open" if open_ else "closed",
                risk=self.random.randrange(1, 4),
                reasons=["score.doubtful"],
                created_at=opened,
                decided_at=None if open_ else opened + timedelta(minutes=3),
            )
        )
        return review
