"""Image bytes in, a sanitized and checked image out: the path shared by the gateway and the command line.

Nothing here is stored or recorded; that is the business of whoever calls. The steps, in order:
(1) decode, in the confined process; (2) detect; (3) plan; (4) redact, encode from bare pixels, check the
file; (5) where the policy says so, detect once more on the copy. What is found beside the redactions joins
the plan and (4) is done again; what a second look still finds is hidden too, and a person decides.
Of several frames each is looked at, and what is found in one is hidden in all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gateway.detection.detector import DetectorSet
from gateway.errors import OutputCheckFailed
from gateway.imaging.frames import check_frames, encode_frames, hidden_frames
from gateway.imaging.image import DecodedImage, EncodedImage, Pixels
from gateway.imaging.redact import apply
from gateway.imaging.releases import Shown, limited
from gateway.imaging.sandbox import Sandbox
from gateway.services.deadline import Deadline, waiting
from gateway.services.looking import LookAt, seen_in
from gateway.services.tracing import span
from policies.carried import with_carried
from policies.model import Detection, Plan, Redaction, Size
from policies.plan import make_plan, missed, sent_to_review
from policies.policy import Policy
from policies.release import RECHECK_HIT, draw_of

LoadDetectors = Callable[[Policy], DetectorSet]
Look = Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
"""Is shown the first frame before and after redaction, (height, width, 3) RGB; must not keep or change it."""


@dataclass(frozen=True, slots=True)
class Sanitized:
    """A sanitized copy that passed its check, and how it came about.

    milliseconds: wall-clock time by stage. frames: of the image; each was looked at, and is in the copy.
    digests: SHA-256 in hex of each model file that took part, by the model's name.
    absent: second opinions that the policy names and that cannot run here.
    asked: the plan's redactions, each at its position, as the policy wants them; see `releases.limited`.
    """

    encoded: EncodedImage
    size: Size
    detections: tuple[Detection, ...]
    plan: Plan
    digests: dict[str, str]
    absent: tuple[str, ...]
    precision: str
    milliseconds: dict[str, int]
    frames: int = 1
    asked: tuple[Redaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Remade:
    """A copy made after a plan that a person settled, checked like any other."""

    encoded: EncodedImage
    milliseconds: dict[str, int]


class Sanitizer:
    """One worker's means: the confined decoder and the detectors that policies ask for.

    Several threads may call: while the detectors look at one image, others are decoded, encoded and checked.
    deadline: begins the time that one image may take.
    """

    def __init__(
        self, sandbox: Sandbox, load_detectors: LoadDetectors, *, deadline: Callable[[], Deadline] = Deadline
    ) -> None:
        self._sandbox = sandbox
        self._load_detectors = load_detectors
        self._deadline = deadline

    def sanitize(
        self,
        data: bytes,
        policy: Policy,
        *,
        look: Look | None = None,
        carried: Sequence[Redaction] = (),
        earlier: Sequence[Shown] = (),
    ) -> Sanitized:
        """carried: regions of an earlier copy that people put there; they are hidden again.
        earlier: what copies of this original have shown; what they have shown too often is filled.

        Raises InputRefused, also where it takes too long, Misconfigured when the policy's detectors cannot
        run, OutputCheckFailed.
        """
        watch = _Stopwatch(self._deadline())
        detectors = self._load_detectors(policy)
        image = self._decode(data, watch)  # (1)
        size = _size_of(image)
        look_at = partial(_look_at, detectors, policy, image.words, watch)
        detections = seen_in(image.frames, partial(look_at, "detect"))  # (2)
        draw = draw_of(policy.version, data)

        def planned(seen: Sequence[Detection]) -> tuple[Plan, tuple[Redaction, ...]]:
            """What is done, and what the policy asks for."""
            asked = with_carried(make_plan(policy, seen, size, draw=draw), carried, policy)
            return replace(asked, redactions=limited(asked.redactions, earlier)), asked.redactions

        with watch.stage("plan"):
            plan, asked = planned(detections)  # (3)
        redacted, encoded = _make(image, plan, watch)  # (4)
        for last in (False, True) if policy.release.recheck else ():  # (5)
            shown = hidden_frames(image, redacted, plan.redactions)
            hits = seen_in(shown, partial(_missed_in, policy, plan, size, partial(look_at, "recheck")))
            if not hits:
                break
            detections += tuple(replace(hit, source=f"{hit.source}+recheck") for hit in hits)
            plan, asked = planned(detections)
            if last:
                plan = sent_to_review(plan, RECHECK_HIT)
            redacted, encoded = _make(image, plan, watch)
        if look is not None:
            look(image.pixels, redacted)
        return Sanitized(
            encoded=encoded,
            size=size,
            detections=detections,
            plan=plan,
            digests=dict(detectors.digests),
            absent=tuple(detectors.absent),
            precision=detectors.precision.value,
            milliseconds=watch.milliseconds,
            frames=len(image.frames),
            asked=asked,
        )

    def remake(self, data: bytes, plan: Plan, size: Size, *, frames: int) -> Remade:
        """A copy after a plan made earlier for an image of this size and so many frames: nothing is detected.

        Raises InputRefused, OutputCheckFailed.
        """
        watch = _Stopwatch(self._deadline())
        image = self._decode(data, watch)
        if (_size_of(image), len(image.frames)) != (size, frames):
            raise OutputCheckFailed(
                f"the plan is for {frames} of {size}, the image has {len(image.frames)} of {_size_of(image)}",
                code="check.geometry",
            )
        _, encoded = _make(image, plan, watch)
        return Remade(encoded, watch.milliseconds)

    def _decode(self, data: bytes, watch: _Stopwatch) -> DecodedImage:
        with watch.stage("decode"):
            return self._sandbox.decode(data)


def _size_of(image: DecodedImage) -> Size:
    return Size(width=image.pixels.shape[1], height=image.pixels.shape[0])


def _look_at(
    detectors: DetectorSet,
    policy: Policy,
    words: frozenset[str],
    watch: _Stopwatch,
    stage: str,
    pixels: Pixels,
) -> tuple[Detection, ...]:
    """One frame. Between two of them other images have their turn, and the clock is looked at."""
    with watch.turn(detectors), watch.stage(stage):
        return detectors.detect(pixels, policy.kinds, known=words)


def _missed_in(
    policy: Policy, plan: Plan, size: Size, look_at: LookAt, frame: Pixels
) -> tuple[Detection, ...]:
    """Asked frame by frame: united with what is hidden beside it, a face would count as hidden itself."""
    return missed(policy, look_at(frame), plan.redactions, size)


def _make(image: DecodedImage, plan: Plan, watch: _Stopwatch) -> tuple[Pixels, EncodedImage]:
    """The redacted pixels of the first frame, and the file of all frames, which passed its check."""
    with watch.stage("redact"):
        redacted = apply(image.pixels, plan.redactions)
    with watch.stage("encode"):
        encoded = encode_frames(hidden_frames(image, redacted, plan.redactions), image)
    with watch.stage("check"):
        check_frames(encoded, redacted, image, plan)
    return redacted, encoded


class _Stopwatch:
    """Adds up what each stage takes, however often it is entered. None is entered behind the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self.milliseconds: dict[str, int] = {}

    @contextmanager
    def turn(self, detectors: DetectorSet) -> Iterator[None]:
        """The detectors' turn. Waiting for it belongs to no stage, and to another image's time."""
        with self._deadline.paused(), waiting():
            detectors.turn.acquire()
        try:
            yield
        finally:
            detectors.turn.release()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._deadline.check()
        start = time.perf_counter()
        with span(f"job.{name}"):
            yield
        taken = round((time.perf_counter() - start) * 1000)
        self.milliseconds[name] = self.milliseconds.get(name, 0) + taken
