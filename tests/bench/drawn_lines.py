"""How often a drawn identifier would be shown under `lines: identifiers`, and a harmless line hidden.

    python -m tests.bench.drawn_lines [--count 3000] [--fonts FOLDER]

Names (invented, and of none of our lists), dates, plates and numbers are drawn in sizes of 9 to 32 pixels,
dark on light or light on dark, some blurred, noisy or cut off at the right, read by EasyOCR and judged one by
one. The seed is fixed. Needs the extra `ocr`. Not a test: it measures, and asserts nothing.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from gateway.detection.detector import LineReader, Setting
from gateway.detection.models import ModelStore
from gateway.detection.passes import Pixels
from gateway.detection.reader import load_reader
from gateway.detection.runtime import Precision
from gateway.settings import models_folder
from policies.identifiers import classify
from policies.model import Reading, Region
from policies.words import harmless_words, names

CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--fonts", type=Path, help="a folder of .ttf files; Pillow's own font without it")
    options = parser.parse_args()
    fonts = sorted(options.fonts.rglob("*.ttf")) if options.fonts else []
    random = Random(7)
    store = ModelStore(models_folder(os.environ))
    reader = load_reader(Setting(models=store, threads=1, precision=Precision.F32))
    for kind, line in (("identifiers", _identifier), ("harmless", _harmless)):
        seen = Counter(_judged(reader, _drawn(line(random), fonts, random)) for _ in range(options.count))
        counts = ", ".join(f"{reading} {seen[reading]}" for reading in Reading if seen[reading])
        print(f"{kind}: {options.count} drawn, shown {seen[Reading.HARMLESS]} ({counts})")


def _judged(reader: LineReader, pixels: Pixels) -> Reading:
    (line,) = reader.read(pixels, [Region(0, 0, pixels.shape[1], pixels.shape[0])])
    return classify(line.text, line.confidence)


def _identifier(random: Random) -> str:
    return random.choice((_name, _name, _date, _plate, _number))(random)


def _name(random: Random) -> str:
    case: Callable[[str], str] = random.choice((str.upper, str.title))
    while True:
        syllables = (random.choice(CONSONANTS) + random.choice(VOWELS) for _ in range(random.randint(2, 4)))
        word = "".join(syllables) + random.choice(("", "n", "r", "s", "t"))
        if word not in harmless_words() | names():
            return case(word)


def _date(random: Random) -> str:
    return random.choice("/-.").join(
        (f"{random.randint(1, 28):02}", f"{random.randint(1, 12):02}", str(random.randint(1930, 2020)))
    )


def _plate(random: Random) -> str:
    return "".join(random.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=3)) + f" {random.randint(100, 9999)}"


def _number(random: Random) -> str:
    return random.choice(("MRN ", "ID ", "")) + str(random.randint(10**4, 10**8))


def _harmless(random: Random) -> str:
    words = sorted(word for word in harmless_words() if len(word) > 3)
    return " ".join(random.choices(words, k=random.randint(1, 2))).upper()


def _drawn(text: str, fonts: list[Path], random: Random) -> Pixels:
    size = random.choice((9, 12, 16, 24, 32))
    font = ImageFont.truetype(random.choice(fonts), size) if fonts else ImageFont.load_default(size)
    paper, ink = random.choice(((255, 0), (230, 20), (0, 255), (40, 220)))
    image = Image.new("L", (int(font.getlength(text)) + size, int(size * 1.7)), paper)
    ImageDraw.Draw(image).text((size // 2, size // 4), text, font=font, fill=ink)
    image = image.filter(ImageFilter.GaussianBlur(random.choice((0, 0, 0.7, 1.2, 2.0))))
    noise = np.random.default_rng(random.randrange(2**32)).normal(
        0, random.choice((0, 8, 20)), image.size[::-1]
    )
    kept = max(8, int(image.width * random.choice((1, 1, 1, 0.7, 0.4))))
    grey = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)[:, :kept]
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))


if __name__ == "__main__":
    main()
