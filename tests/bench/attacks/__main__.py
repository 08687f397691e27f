"""Runs the attacks and prints their tables.

    python -m tests.bench.attacks [--only plates,text,faces,deblur,average,released,restore]
        [--faces DIR] [--recogniser DIR] [--ocr DIR] [--methods PATTERN ...] [--attackers dictionary,list,…]
        [--report FILE.json|FILE.md]

Networks need the extra `ocr`. The folders are given by whoever measures: photos of people (`photos`), the
model folder of a package with a recognition network (`recogniser`), EasyOCR's recogniser (`ocr`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from tests.bench.attacks import average, deblur, faces, plates, released, restore, text
from tests.bench.attacks.networks import NoTorch
from tests.bench.attacks.photos import NoPhotos
from tests.bench.attacks.reading import ATTACKERS
from tests.bench.attacks.results import HEAD, Row, as_json, tables

NAMES = ("plates", "text", "faces", "deblur", "average", "released", "restore")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", default=",".join(NAMES), help="some of: " + ", ".join(NAMES))
    parser.add_argument("--faces", type=Path, help="photos of people: a folder a person")
    parser.add_argument(
        "--recogniser", type=Path, help="the folder `model` of the npm package @vladmandic/face-api"
    )
    parser.add_argument("--ocr", type=Path, help="where english_g2.pth of EasyOCR lies")
    parser.add_argument("--methods", nargs="+", default=[], help="only these, such as 'Gaussian*' fill")
    parser.add_argument(
        "--attackers", default=",".join(ATTACKERS), help="on plates and text: some of " + ", ".join(ATTACKERS)
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="a file to write: .json, or .md")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # the same sums in the same order, and no more than one core
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(NAMES):
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    rows = list(_rows(wanted, options))
    if options.report:
        json = options.report.suffix == ".json"
        options.report.write_text(as_json(rows) if json else tables(rows), encoding="utf-8")


def _rows(wanted: list[str], options: argparse.Namespace) -> Iterator[Row]:
    for name in wanted:
        start = time.monotonic()
        try:
            yield from _told(_attack(name, options)())
        except (NoTorch, NoPhotos, FileNotFoundError) as exc:
            print(f"{name}: {exc}", file=sys.stderr)
        print(f"\n{name}: {time.monotonic() - start:.0f} s\n", flush=True)


def _attack(name: str, options: argparse.Namespace) -> Callable[[], Iterator[Row]]:
    seed: int = options.seed
    only: list[str] = options.methods
    attackers = options.attackers.split(",")
    match name:
        case "plates":
            return lambda: plates.attack(seed, options.ocr, only, attackers)
        case "text":
            return lambda: text.attack(seed, options.ocr, only, attackers)
        case "deblur":
            return lambda: deblur.attack(seed, only)
        case "average":
            return lambda: average.attack(seed, only, attackers)
        case _:
            return _of_faces(name, options)


def _of_faces(name: str, options: argparse.Namespace) -> Callable[[], Iterator[Row]]:
    seed: int = options.seed
    folder: Path | None = options.faces
    weights: Path | None = options.recogniser
    if folder is None:
        raise NoPhotos("give --faces DIR, a folder a person (such as LFW), and --recogniser DIR")
    match name:
        case "released":
            return lambda: released.attack(seed, folder, weights, options.methods)
        case "restore":
            if weights is None:
                raise NoPhotos("give --recogniser DIR: what was restored is to be recognised")
            return lambda: restore.attack(seed, folder, weights, options.methods)
        case _:
            return lambda: faces.attack(seed, folder, weights, options.methods)


def _told(rows: Iterator[Row]) -> Iterator[Row]:
    attack = ""
    for row in rows:
        if row.attack != attack:
            attack = row.attack
            print(f"\n### {attack}\n\n{HEAD}")
        print(row.line(), flush=True)
        yield row


if __name__ == "__main__":
    main()
