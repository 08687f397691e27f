"""What the sandbox and its decoder process say to each other; light enough for both sides.

Sizes and codes go through a socket, one message a datagram; bytes and pixels lie in two shared memory files.
    process -> sandbox  READY, or UNFILTERED where the kernel would not confine it
    sandbox -> process  the number of input bytes
    process -> sandbox  Decoded or Refused
The process may have been taken over by what it decoded, so `parse_reply` believes nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import astuple, dataclass, field
from typing import Final

from gateway.imaging.image import MAX_MILLISECONDS, FileFacts, ImageFormat, Limits, Timing
from gateway.imaging.refusals import REFUSALS, Refused

READY: Final = b"ready"
UNFILTERED: Final = b"unfiltered"
MAX_WORDS: Final = 2_000  # characters; see header_words
# Bytes; the longest real one has MAX_WORDS, ten for each of MOST_FRAMES, and about 100.
MAX_MESSAGE: Final = 65_536
_WORDS: Final = re.compile(rf"[a-z ]{{0,{MAX_WORDS}}}")
MAX_NUMBER: Final = 2**53  # in a refusal: pixels, bytes, seconds; what a float still holds exactly


class ProtocolError(Exception):
    """A message that no sound decoder sends."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The pixels lie in the output memory: height * width * 3 bytes for each frame, one after the other.

    words: the header's, a to z only.
    """

    height: int
    width: int
    format: ImageFormat
    lossless: bool
    words: str = field(default="", repr=False)
    frames: int = 1
    timing: Timing | None = None

    @property
    def rows(self) -> int:
        """Of all frames, one below the other."""
        return self.height * self.frames

    @property
    def size(self) -> int:
        return self.rows * self.width * 3

    @property
    def facts(self) -> FileFacts:
        return FileFacts(self.format, self.lossless, self.words, self.frames, self.timing)


@dataclass(frozen=True, slots=True)
class Setup:
    """What the decoder process is told on its command line: file descriptors, its parent, its limits."""

    control: int
    source: int
    output: int
    parent: int
    limits: Limits

    def to_argument(self) -> str:
        return json.dumps([self.control, self.source, self.output, self.parent, *astuple(self.limits)])

    @classmethod
    def parse(cls, argument: str) -> Setup:
        control, source, output, parent, *limits = json.loads(argument)
        return cls(control, source, output, parent, Limits(*limits))


def reply_of(outcome: Decoded | Refused) -> bytes:
    if isinstance(outcome, Refused):
        return json.dumps(["refused", outcome.code, *outcome.numbers]).encode("ascii")
    facts = [outcome.format, outcome.lossless, outcome.words, outcome.frames]
    timing = [] if outcome.timing is None else [outcome.timing.plays, *outcome.timing.milliseconds]
    return json.dumps(["decoded", outcome.height, outcome.width, *facts, timing]).encode("ascii")


def parse_reply(message: bytes, limits: Limits) -> Decoded | Refused:
    """Raises ProtocolError for anything but a well-formed reply within the limits."""
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        raise ProtocolError("no JSON") from None
    match fields:
        case [
            "decoded",
            int(height),
            int(width),
            str(name),
            bool(lossless),
            str(words),
            int(frames),
            list(timing),
        ]:
            if name not in set(ImageFormat) or not _WORDS.fullmatch(words):
                raise ProtocolError("another format, or more than words")
            if bool in {type(height), type(width), type(frames)}:
                raise ProtocolError("true and false are no numbers")
            if not _allowed(height, width, frames, limits):
                raise ProtocolError("pixels beyond the limits")
            played = _timing(timing, frames)
            return Decoded(height, width, ImageFormat(name), lossless, words, frames, played)
        case ["refused", str(code), *numbers] if code in REFUSALS:
            return _refused(code, numbers)
        case _:
            raise ProtocolError("neither pixels nor a refusal")


def _allowed(height: int, width: int, frames: int, limits: Limits) -> bool:
    sides = 1 <= height <= limits.max_side and 1 <= width <= limits.max_side
    return sides and 1 <= frames <= limits.max_frames and height * width * frames <= limits.max_pixels


def _timing(numbers: list[object], frames: int) -> Timing | None:
    if not numbers:
        return None
    told = [one for one in numbers if type(one) is int and 0 <= one <= MAX_MILLISECONDS]
    if not len(told) == len(numbers) == frames + 1:
        raise ProtocolError("an animation without the durations of its frames")
    return Timing(tuple(told[1:]), told[0])


def _refused(code: str, numbers: list[object]) -> Refused:
    plain = [number for number in numbers if isinstance(number, int | float)]
    # Compared, not converted: no float holds an integer of a thousand digits. NaN is within nothing.
    if len(plain) != len(numbers) or not all(-MAX_NUMBER <= number <= MAX_NUMBER for number in plain):
        raise ProtocolError("a refusal with something else than numbers")
    refused = Refused(code, *plain)
    try:
        refused.to_error()
    except (IndexError, ValueError, OverflowError):
        raise ProtocolError("a refusal with the wrong numbers") from None
    return refused
