"""Draws the README's before/after picture from what the real command makes of the demo pictures.

python -m tests.bench.readme_picture          from the repository root
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from gateway.cli.demo_picture import drawn_plate
from gateway.detection.models import ModelStore
from gateway.settings import models_folder

SIDE = 380
GAP = 8


def main() -> None:
    with TemporaryDirectory() as folder:
        before = Path(folder, "before")
        before.mkdir()
        astronaut = ModelStore(models_folder(os.environ)).path("astronaut").read_bytes()
        (before / "astronaut.png").write_bytes(astronaut)
        drawn_plate().save(before / "plate.png")
        after = Path(folder, "after")
        subprocess.run(
            [sys.executable, "-m", "gateway.cli", "anonymize", str(before), "--out", str(after)], check=True
        )
        rows = [(before / name, after / name) for name in ("astronaut.png", "plate.png")]
        pictures = [_scaled(path) for row in rows for path in row]
    width = sum(p.width for p in pictures) + GAP * 3
    sheet = Image.new("RGB", (width, SIDE), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    sheet.save(Path(".readme", "before-after.jpg"), quality=85)


def _scaled(path: Path) -> Image.Image:
    with Image.open(path) as file:
        image: Image.Image = file.convert("RGB")
        if image.width > image.height:  # the car alone, not its sky
            image = image.crop((190, 140, 770, 570))
        return image.resize((round(image.width * SIDE / image.height), SIDE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
