"""The twin test on one sanitized copy: does the file depend on what its regions hide?

The steps, in order: (1) decode the original, in the confined process; (2) redact it by the given regions
and encode it; (3) replace what the regions hide by noise, several times, redact and encode each twin: every
file must be the same; (4) and it must be the delivered one, byte for byte. Where only that fails, (5) the
delivered file is checked as it was when it was made: does it show the regions hidden, within the codec's
loss? Nothing is detected anew: whether the regions cover everything that identifies is another question, and
no part of the proof.

    prove.twin      what is made today depends on hidden pixels: a leak
    prove.content   the delivered file is not what its regions give: it shows more, or something else
    prove.copy      it is, within the codec's loss, and other library versions wrote it
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from gateway.errors import NotProven, OutputCheckFailed
from gateway.imaging.frames import check_frames, encode_frames, hidden_frames, twin_frames
from gateway.imaging.image import DecodedImage, EncodedImage, Pixels
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.strokes import method_for
from gateway.imaging.twin import bits_left
from policies.model import Plan, Redaction, Verdict

TWINS: Final = 3
SEED_BYTES: Final = 16

CLAIM: Final = (
    "The file was made again from the original and from twins whose hidden pixels are noise; all are equal, "
    "byte for byte. So nothing in it depends on what its regions hide, beyond `bits_left`. Nothing was "
    "detected anew: that the regions cover everything which identifies is not part of this proof."
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and what it shows.

    sha256: of the sanitized copy. methods: regions by the method that really applied. bits_left: see
    `twin.bits_left`. pixels_changed: of all frames, in which the twins differ from the original, the fewest.
    seed: of the noise, in hex, so that the twins can be made again.
    """

    sha256: str
    byte_length: int
    width: int
    height: int
    regions: int
    methods: dict[str, int]
    bits_left: int
    twins: int
    pixels_changed: int
    seed: str

    def to_dict(self) -> dict[str, Any]:
        return {"claim": CLAIM, **asdict(self)}


def prove(
    original: bytes,
    copy: bytes,
    redactions: Sequence[Redaction],
    sandbox: Sandbox,
    *,
    twins: int = TWINS,
    seed: bytes | None = None,
) -> Proof:
    """Raises NotProven, naming what differs; InputRefused where the original cannot be decoded."""
    seed = seed or secrets.token_bytes(SEED_BYTES)
    chance = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
    image = sandbox.decode(original)  # (1)
    redacted, again = _made(image, redactions)  # (2)
    changed = []
    for number in range(twins):  # (3)
        other = twin_frames(image, redactions, chance)
        changed.append(_changed(other, image))
        _same(_made(other, redactions)[1].data, again.data, "prove.twin", f"twin {number + 1} differs")
    if again.data != copy:  # (4)
        _check_content(replace(again, data=copy), redacted, image, redactions)  # (5)
        _same(again.data, copy, "prove.copy", "the copy is not, byte for byte, what these regions give here")
    return Proof(
        sha256=hashlib.sha256(copy).hexdigest(),
        byte_length=len(copy),
        width=image.pixels.shape[1],
        height=image.pixels.shape[0],
        regions=len(redactions),
        methods=dict(Counter(method_for(each).value for each in redactions)),
        bits_left=bits_left(redactions),
        twins=twins,
        pixels_changed=min(changed, default=0),
        seed=seed.hex(),
    )


def _made(image: DecodedImage, redactions: Sequence[Redaction]) -> tuple[Pixels, EncodedImage]:
    redacted = apply(image.pixels, redactions)
    return redacted, encode_frames(hidden_frames(image, redacted, redactions), image)


def _changed(other: DecodedImage, image: DecodedImage) -> int:
    """Pixels that differ, of all frames together."""
    pairs = zip(other.frames, image.frames, strict=True)
    return sum(int((one != before).any(axis=2).sum()) for one, before in pairs)


def _check_content(
    copy: EncodedImage, redacted: Pixels, image: DecodedImage, redactions: Sequence[Redaction]
) -> None:
    """Raises NotProven unless the copy passes the check that it was released after."""
    try:
        check_frames(copy, redacted, image, Plan(tuple(redactions), Verdict.RELEASE, ()))
    except OutputCheckFailed as exc:
        what = f"the copy is not what these regions give: {exc} ({exc.code})"
        raise NotProven(what, code="prove.content") from exc


def _same(made: bytes, copy: bytes, code: str, what: str) -> None:
    if made == copy:
        return
    shorter = min(len(made), len(copy))
    at = next((at for at in range(shorter) if made[at] != copy[at]), shorter)
    raise NotProven(f"{what}: they differ from byte {at} of {len(copy)} on", code=code)
