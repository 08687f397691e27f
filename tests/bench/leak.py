"""Scores `privgate anonymize` on labelled images, black box: what the files show, whatever we believe we did.

    python -m tests.bench.leak DATA [--sets faces,plates] [--policy street] [--method fill] [--keep DIR]

DATA holds a folder a set, each with `images/` and COCO `annotations.json`, and `leakscore.py`, which compares
each written file with its original. For each set the command runs twice: with the set's own kind alone, since
the images are labelled for that kind only, and with the whole policy, as a user would run it. Printed: the
share of labelled boxes hidden with its 95 % interval, over-redaction, the share of images released without a
person and the share of boxes hidden among those, seconds an image.

Not a test: it measures, and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Z95 = 1.96


@dataclass(frozen=True)
class LabelledSet:
    """What is labelled, and how a box counts as hidden: a third of a plate, or of a line, is still one."""

    kind: str
    score_options: tuple[str, ...]


SETS = {
    "faces": LabelledSet("face", ()),
    "plates": LabelledSet("license_plate", ("--inner", "1", "--min-changed", "0.95")),
    "text": LabelledSet("text", ("--inner", "1", "--min-changed", "0.95")),
}


def main() -> None:
    options = _parser().parse_args()
    how = f"policy {options.policy}, {options.method or 'its own methods'}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}, {how}")
    header = ("set", "kinds", "hidden", "95 %", "+blur", "over-red.", "released", "hidden|rel.", "s/image")
    print("".join(f"{column:>14}" for column in header))
    for name in options.sets.split(","):
        for kinds in (SETS[name].kind, None):
            _measure(options, name, kinds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--sets", default="faces,plates", help="faces, plates, text; the policy must know them"
    )
    parser.add_argument("--policy", default="street")
    parser.add_argument("--method", default="fill")
    parser.add_argument("--jobs")
    parser.add_argument("--keep", type=Path, help="keep outputs and reports here")
    return parser


def _measure(options: argparse.Namespace, name: str, kinds: str | None) -> None:
    labelled = SETS[name]
    source = options.data / name
    with TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)) / f"{name}-{kinds or 'all'}"
        out, report = folder / "out", folder / "report.jsonl"
        out.mkdir(parents=True, exist_ok=True)
        seconds = _anonymize(options, source / "images", out, report, kinds)
        outcomes = {Path(o["input"]).stem: o for o in map(json.loads, report.read_text("utf-8").splitlines())}
        score = _score(options.data, source, out, labelled, folder / "score.json")
    boxes = score["categories"][labelled.kind]["all"]
    released = {stem for stem, outcome in outcomes.items() if outcome["status"] == "anonymized"}
    let_go = [box for box in score["boxes"] if box["image"] in released]
    hidden_released = sum(box["verdict"] == "covered" for box in let_go) / max(len(let_go), 1)
    row = (
        name,
        kinds or "all",
        f"{boxes['recall']:.3f}",
        _interval(boxes["recall"], boxes["boxes"]),
        f"{boxes['recall_plus']:.3f}",
        f"{score['over_redaction']['mean']:.2%}",
        f"{len(released) / len(outcomes):.3f}",
        f"{hidden_released:.3f}",
        f"{seconds / len(outcomes):.2f}",
    )
    print("".join(f"{value:>14}" for value in row), flush=True)
    for height, bucket in score["categories"][labelled.kind]["by_height"].items():
        if bucket["boxes"]:
            print(f"{'':>14}{height + ' px':>14}{bucket['recall']:>14.3f}{bucket['boxes']:>14}")


def _anonymize(
    options: argparse.Namespace, images: Path, out: Path, report: Path, kinds: str | None
) -> float:
    command = [sys.executable, "-m", "gateway.cli", "anonymize", str(images), "--out", str(out)]
    command += ["--policy", options.policy, "--report", str(report)]
    for flag, value in (("--kinds", kinds), ("--method", options.method), ("--jobs", options.jobs)):
        command += [flag, value] if value else []
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"the command ended with status {done.returncode}: {' '.join(command)}")
    return time.perf_counter() - start


def _score(data: Path, source: Path, out: Path, labelled: LabelledSet, result: Path) -> dict[str, Any]:
    command = [sys.executable, str(data / "leakscore.py"), str(source / "images"), str(out)]
    command += [str(source / "annotations.json"), "--json", str(result), *labelled.score_options]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    score: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return score


def _interval(share: float, count: int) -> str:
    """Wilson's interval (Wilson 1927) for a share seen in `count` trials."""
    centre = (share + Z95**2 / (2 * count)) / (1 + Z95**2 / count)
    half = Z95 / (1 + Z95**2 / count) * sqrt(share * (1 - share) / count + Z95**2 / (4 * count**2))
    return f"{centre - half:.3f}-{centre + half:.3f}"


def _machine() -> str:
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text("ascii", "replace").splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    return f"{len(os.sched_getaffinity(0))} cores of {model}"


if __name__ == "__main__":
    main()
