"""What Pillow keeps of an image is gone before the next one is decoded."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from gateway.imaging.child import ENVIRONMENT

# Draws images of one colour in a process with the decoder's environment, lets them go, and looks for the
# colour's bytes in all of that process's memory, before and after. The bytes searched for are put together
# from the outside so that they lie nowhere else.
_PROGRAM: Final = """
import sys
from PIL import Image
from gateway.imaging import kept_blocks

colour = tuple(int(part) for part in sys.argv[1].split(","))
sides = [tuple(int(part) for part in side.split("x")) for side in sys.argv[2].split(",")]

def found():
    sought, seen = bytes((*colour, 255)) * 64, 0
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        for line in maps:
            places, rights, *rest = line.split()
            if "w" not in rights or rest[-1].startswith("[v"):
                continue
            start, end = (int(place, 16) for place in places.split("-"))
            for at in range(start, end, 1 << 20):
                memory.seek(at)
                seen += memory.read(min(1 << 20, end - at)).count(sought)
    return seen > 1  # once it is sought itself

images = [Image.new("RGB", side, colour) for side in sides]
images.clear()
before, kept = found(), kept_blocks.count()
kept_blocks.clear(int(sys.argv[3]))
print(before, kept > 0, found(), kept_blocks.count() <= 10)
"""


@pytest.mark.parametrize(
    ("sides", "pixels"),
    [
        ("1200x900", 1200 * 900),
        ("4000x3000", 4000 * 3000),
        ("300x200,4000x3000", 4000 * 3000),
        ("4000x3000,300x200", 300 * 200),
        ("1x40000", 40000),
        ("700x500," * 12 + "64x64", 64 * 64),
        ("700x500," * 12 + "64x64", 30_000_000),
        ("4000x3000", 0),
    ],
)
def test_nothing_of_an_image_stays_in_the_decoders_memory(sides: str, pixels: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "17,203,91", sides, str(pixels)],
        env={**ENVIRONMENT, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "True", "False", "True"]
