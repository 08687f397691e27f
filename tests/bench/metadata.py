"""Does anything that headers say come out again? `python -m tests.bench.metadata DIR [--out FOLDER]`

DIR holds `images/` and `annotations.json`, in which each image has `tags`: values that its headers carry. All
images go through the real `privgate anonymize`; then each output is searched for each value of its input, in
every encoding that headers use, and exiftool is asked what it finds. The positive control is the same search
in the inputs. Ends with status 1 where one value survives, or exiftool finds more than structure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.exif_witness import exiftool, more_than_structure, survivors

SHORTEST: Final = 4
"""Characters. Three bytes stand in the compressed data of one image in a hundred by chance."""

Line = Mapping[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Searches sanitized copies for what the originals' headers say."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="keeps the copies and the report there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        return measure(given.folder, given.out or Path(temporary) / "out")


def measure(folder: Path, out: Path) -> int:
    values = searched(folder / "annotations.json")
    lines = anonymized(folder / "images", out)
    print_outcomes(lines)
    return print_witnesses(lines, out, values)


def searched(annotations: Path) -> dict[str, list[str]]:
    """By file name, the values worth a search."""
    images = json.loads(annotations.read_text("utf-8"))["images"]
    found = {Path(each["file_name"]).name: list(_values(each["tags"])) for each in images}
    every = [value for values in found.values() for value in values]
    short = sum(len(value) < SHORTEST for value in every)
    print(f"{len(images)} images with {len(every)} values, {short} too short to be searched")
    return {name: [one for one in values if len(one) >= SHORTEST] for name, values in found.items()}


def anonymized(images: Path, out: Path) -> list[Line]:
    """The report's lines."""
    report = out.with_suffix(".jsonl")
    command = [sys.executable, "-m", "gateway.cli", "anonymize", str(images), "--out", str(out)]
    done = subprocess.run([*command, "--report", str(report)], stdout=subprocess.DEVNULL, timeout=3600)
    if done.returncode not in (0, 3):  # 3: some were refused
        raise SystemExit(f"anonymize ended with status {done.returncode}")
    return [json.loads(line) for line in report.read_text("utf-8").splitlines()]


def print_outcomes(lines: list[Line]) -> None:
    by_status = Counter(line["status"] for line in lines)
    print(", ".join(f"{count} {status}" for status, count in sorted(by_status.items())))
    reasons = Counter(line["reason"].split(":")[0] for line in lines if line["status"] == "refused")
    for reason, count in reasons.most_common():
        print(f"  refused {count} {reason}")


def print_witnesses(lines: list[Line], out: Path, values: Mapping[str, list[str]]) -> int:
    written = {out / line["output"]: Path(line["input"]) for line in lines if line["output"]}
    looked, before, after = 0, 0, 0
    for copy, original in written.items():
        looked += len(values[original.name])
        before += len(survivors(original.read_bytes(), values[original.name]))
        for value in survivors(copy.read_bytes(), values[original.name]):
            after += 1
            print(f"  SURVIVES in {copy.name}: {value!r}")
    more = list(_more(written))
    for line in more:
        print(f"  exiftool finds in {line}")
    suffixes = Counter(copy.suffix for copy in written)
    print(f"{len(written)} copies ({', '.join(f'{n} {name}' for name, n in sorted(suffixes.items()))})")
    print(f"of {looked} values {before} found in the originals (control), {after} in the copies")
    print(f"exiftool finds more than structure in {len(more)} copies")
    return 1 if after or more or not before else 0


def _more(written: Mapping[Path, Path]) -> Iterator[str]:
    for copy, found in exiftool(*written):
        if tags := more_than_structure(found):
            yield f"{copy.name}: {', '.join(tags)}"


def _values(tags: Any) -> Iterator[str]:
    """Every value, of nested tags too, as text without the spaces and zeros that fill it up."""
    match tags:
        case dict():
            for each in tags.values():
                yield from _values(each)
        case list():
            for each in tags:
                yield from _values(each)
        case None | bool():
            return
        case _:
            if text := str(tags).strip(" \0\t\r\n"):
                yield text


if __name__ == "__main__":
    sys.exit(main())
