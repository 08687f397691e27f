"""Animations and pages through the services: looked at, hidden, shown to reviewers, made again and proven."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gateway.detection.detector import DetectorSet
from gateway.detection.runtime import Precision
from gateway.errors import NotFound, NotProven
from gateway.imaging.image import Pixels
from gateway.imaging.redact import FILL_COLOURS
from gateway.imaging.sandbox import Sandbox
from gateway.services.prove import prove
from gateway.services.review_sheet import frames_of
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.store.database import Database
from gateway.vault.copies import CopyReader
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from policies.lifecycle import AssetState
from policies.model import Detection, Kind, Region, Verdict
from policies.policy import Policy
from tests.gateway.imaging.samples import save
from tests.gateway.services import desk as desks
from tests.gateway.services.desk import HEIGHT, STORED, WIDTH, Desk
from tests.gateway.services.test_recheck import COLOURS, POLICY, Squares, detectors

RED = COLOURS[0]
PLACES = (16, 40, 200, 201)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def frames(places: tuple[int | None, ...]) -> list[Image.Image]:
    """Grey, each of its own shade, with a red square at its place; None is a frame without one."""
    made = []
    for number, place in enumerate(places):
        pixels = np.full((64, 256, 3), 100 + number, dtype=np.uint8)
        if place is not None:
            pixels[16:40, place : place + 24] = RED
        made.append(Image.fromarray(pixels))
    return made


def animation(places: tuple[int | None, ...]) -> bytes:
    first, *rest = frames(places)
    return save(first, "PNG", save_all=True, append_images=rest, duration=80, loop=0)


def pages(places: tuple[int | None, ...]) -> bytes:
    first, *rest = frames(places)
    return save(first, "TIFF", save_all=True, append_images=rest)


def sanitized(sandbox: Sandbox, data: bytes, *, recheck: bool = False) -> Sanitized:
    policy = Policy.parse(POLICY.format(recheck=str(recheck).lower(), sample=0.0))
    return Sanitizer(sandbox, detectors).sanitize(data, policy)


def shown(data: bytes) -> list[Pixels]:
    with Image.open(io.BytesIO(data)) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def reds(found: list[Pixels]) -> list[int]:
    return [int((frame == RED).all(axis=2).sum()) for frame in found]


@pytest.mark.parametrize("make", [animation, pages])
def test_what_is_seen_in_one_frame_is_hidden_in_all(sandbox: Sandbox, make: object) -> None:
    assert callable(make)
    result = sanitized(sandbox, make(PLACES))
    assert result.frames == 4
    assert result.plan.verdict is Verdict.RELEASE
    copy = shown(result.encoded.data)
    assert reds(copy) == [0, 0, 0, 0]
    for place in PLACES:  # each frame hides where the square is in any of them
        assert all((frame[16:40, place : place + 24] == copy[0][20, 20]).all() for frame in copy)
    for number, frame in enumerate(copy):
        assert (frame[:, 100:190] == 100 + number).all()


def test_a_face_that_is_missed_in_between_is_covered(sandbox: Sandbox) -> None:
    """The second frame's square is of a red that the detector does not know."""
    first, second, third = frames((40, None, 40))
    second.paste((219, 0, 0), (40, 16, 64, 40))
    data = save(first, "PNG", save_all=True, append_images=[second, third], duration=80)
    result = sanitized(sandbox, data)
    assert not (shown(result.encoded.data)[1] == (219, 0, 0)).all(axis=2).any()


def test_the_recheck_looks_at_every_frame(sandbox: Sandbox) -> None:
    """Behind the red square of the last frame comes a green one, which is seen once the red is hidden."""
    made = frames((40, 40, 40))
    made[2].paste(COLOURS[1], (200, 16, 224, 40))
    data = save(made[0], "PNG", save_all=True, append_images=made[1:], duration=80)
    result = sanitized(sandbox, data, recheck=True)
    assert not any((frame == COLOURS[1]).all(axis=2).any() for frame in shown(result.encoded.data))
    assert "squares+recheck" in {one.source for one in result.detections}


class SeesFillsAgain(Squares):
    """What is hidden looks like a face to it, as a blurred face often does."""

    def detect(self, pixels: Pixels) -> list[Detection]:
        ys, xs = np.nonzero((pixels == FILL_COLOURS[Kind.FACE]).all(axis=2))
        if not len(ys):
            return super().detect(pixels)
        again = Region(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
        return [*super().detect(pixels), Detection(Kind.FACE, again, 0.9, self.name)]


def test_what_is_hidden_and_seen_again_does_not_hide_its_neighbour_from_the_recheck(sandbox: Sandbox) -> None:
    """Together with the hidden square, the green one beside it would be hidden for its greater part."""
    made = frames((None, None))
    for number, frame in enumerate(made):
        frame.paste(RED, (40, 8, 88, 56))
        frame.paste(COLOURS[1], (96, 0, 120 - number, 64))
    data = save(made[0], "PNG", save_all=True, append_images=made[1:], duration=80)

    def seeing(policy: Policy) -> DetectorSet:
        return DetectorSet([SeesFillsAgain()], absent={}, digests={}, precision=Precision.F32)

    policy = Policy.parse(POLICY.format(recheck="true", sample=0.0))
    result = Sanitizer(sandbox, seeing).sanitize(data, policy)
    assert not any((frame == COLOURS[1]).all(axis=2).any() for frame in shown(result.encoded.data))


def test_a_face_that_stands_still_is_one_detection(sandbox: Sandbox) -> None:
    assert len(sanitized(sandbox, animation((40, 41, 42, 40))).detections) == 1


def test_the_twin_test_covers_every_frame(sandbox: Sandbox) -> None:
    data = animation(PLACES)
    result = sanitized(sandbox, data)
    proof = prove(data, result.encoded.data, result.plan.redactions, sandbox, seed=b"0" * 16)
    hidden = sum(one.region.area for one in result.plan.redactions)
    assert proof.pixels_changed > 3 * hidden
    with pytest.raises(NotProven):
        prove(data, data, result.plan.redactions, sandbox, seed=b"0" * 16)


# -- review


NOISE = [
    np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for seed in range(3)
]


@pytest.fixture
def desk(database: Database, tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Desk:
    first, *rest = (Image.fromarray(each) for each in NOISE)
    data = save(first, "WEBP", save_all=True, append_images=rest, lossless=True, duration=50)
    monkeypatch.setattr(desks, "picture", lambda: data)
    monkeypatch.setattr(desks, "STORED", {**STORED, "frames": 3})
    return Desk(database, tmp_path, sandbox)


def test_a_reviewer_sees_each_frame_and_each_look_is_on_the_log(desk: Desk) -> None:
    (review,) = desk.wait_for_people()
    reviewer = desk.reviewers[0]
    desk.queue.claim(reviewer, review.id)
    for number, wanted in enumerate(NOISE):
        (found,) = shown(desk.images.show(reviewer, review.id, number).data)
        assert np.array_equal(found, wanted)
        (hidden,) = shown(desk.images.show_sanitized(reviewer, review.id, number).data)
        assert not np.array_equal(hidden[:16, :16], wanted[:16, :16])
        assert np.array_equal(hidden[16:32], wanted[16:32])
    with pytest.raises(NotFound):
        desk.images.show(reviewer, review.id, 3)
    with pytest.raises(NotFound):
        desk.images.show_sanitized(reviewer, review.id, 3)


def test_the_copy_that_follows_has_all_frames(desk: Desk) -> None:
    (review,) = desk.wait_for_people()
    desk.decide(desk.reviewers[0], review)
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    copy = desk.newest()
    keys = LocalKeyring.open(desk.folder / "keys", KeyPurpose.COPIES)
    data = CopyReader(desk.copy_blobs, keys).read(copy.id, copy.blob, copy.wrapped_key)
    found = shown(data)
    assert (len(found), copy.media_type, copy.report["frames"]) == (3, "image/webp", 3)
    for frame, original in zip(found, NOISE, strict=True):
        assert np.array_equal(frame[:16, :16], found[0][:16, :16])
        assert np.array_equal(frame[16:32], original[16:32])


def test_copies_of_before_there_were_frames_have_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "STORED", STORED)
    desk.wait_for_people()
    assert frames_of(desk.newest()) == 1
    assert frames_of(replace(desk.newest(), report={"frames": 7})) == 7
