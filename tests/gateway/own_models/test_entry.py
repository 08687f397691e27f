"""An operator's model entry: read strictly, every fault told with its line and its remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.errors import Misconfigured
from gateway.own_models.entry import OutputFormat, OwnModel, parse_entry, read_entry
from gateway.own_models.licences import CommercialUse
from tests.support.blue_squares import described

DATA = b"a network"
ROOT = Path(__file__).parent.parent.parent.parent


def entry(**changed: Any) -> OwnModel:
    return OwnModel.model_validate(described(DATA, **changed))


def told(text: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        parse_entry(text, origin="mine.yaml")
    return str(refused.value)


def test_what_is_left_out_has_the_values_of_a_common_export() -> None:
    read = entry()
    assert read.input.size == (128, 128)
    assert read.input.scale == (255.0, 255.0, 255.0)
    assert read.output.of_kind == (0,)
    assert entry(passes=[]).sides == (128,)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("yes", CommercialUse.YES), ("no", CommercialUse.NO), ("unknown", CommercialUse.UNKNOWN)],
)
def test_a_bare_yes_or_no_is_what_it_says(written: str, meant: CommercialUse) -> None:
    """Which YAML reads as true and false."""
    fields = described(DATA)
    del fields["licence"]
    text = yaml.safe_dump(fields) + f"licence: {{name: MIT, commercial_use: {written}}}\n"
    assert parse_entry(text, origin="mine.yaml").licence.commercial_use is meant


FAULTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "name of a detector": ({"name": "centerface"}, "name:", "choose another one", "name: centerface"),
    "kind": ({"kind": "cat"}, "kind:", "face", "kind: cat"),
    "hash": ({"sha256": "12"}, "sha256:", "you wrote '12'", "sha256: '12'"),
    "unknown word": ({"confidence": 0.5}, "confidence:", "remove it or mend its spelling", "confidence: 0.5"),
    "unknown licence": (
        {"licence": {"name": "Ours 1.0", "commercial_use": "yes"}},
        "licence:",
        "add url, where its words stand",
        "licence:",
    ),
    "class ids": (
        {"output": {"format": "yolo-v8", "of_kind": [0, 3]}},
        "output:",
        "the ids end at 0",
        "output:",
    ),
    "layout": (
        {"output": {"format": "yolo"}},
        "output.format:",
        "'yolo-v5', 'yolo-v8' or 'boxes'",
        "format: yolo",
    ),
    "no pass": ({"passes": [128, 9]}, "passes.1:", "write at least 32", "- 9"),
    "a pass too long": ({"passes": [2000]}, "passes:", "write at most 1024", "passes:"),
    "scale": (
        {"input": {"size": 64, "scale": 0}},
        "input.scale:",
        "write a number above 0",
        "scale: 0",
    ),
    "point": (
        {"operating_point": 1},
        "operating_point:",
        "write at most 0.999",
        "operating_point: 1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_with_its_line_and_remedy(fault: str) -> None:
    changed, place, remedy, beginning = FAULTS[fault]
    text = yaml.safe_dump(described(DATA) | changed, sort_keys=False)
    (first, *more) = told(text).splitlines()
    assert more == []
    assert place in first
    assert remedy in first
    line = int(first.removeprefix("mine.yaml:").partition(":")[0])
    assert text.splitlines()[line - 1].strip() == beginning


def test_what_is_missing_is_named() -> None:
    fields = described(DATA)
    for name in ("licence", "output"):
        del fields[name]
    assert [line.split(": ")[1:] for line in told(yaml.safe_dump(fields)).splitlines()] == [
        ["licence", "is missing; add it"],
        ["output", "is missing; add it"],
    ]


def test_what_is_no_entry_at_all_is_refused(tmp_path: Path) -> None:
    assert "mapping of names to values" in told("- a list")
    assert "stands twice" in told("name: a\nname: b\n")
    with pytest.raises(Misconfigured, match="not readable as UTF-8"):
        read_entry(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("page", ["README.md", "gateway/own_models/MANIFEST.md"])
def test_the_entries_that_the_pages_show_are_entries(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    (shown,) = re.findall(r"^```yaml\n(name: yard-plates.*?)^```", text, re.DOTALL | re.MULTILINE)
    read = parse_entry(shown.replace("5f1c…", "5f1c" * 16), origin=page)
    assert (read.licence.name, read.output.of_kind, read.sides) == ("AGPL-3.0-only", (1,), (640, 1280))
    assert read.digest == OwnModel.model_validate(read.model_dump(exclude={"what"})).digest


def test_the_digest_tells_what_is_found_from_what_is_said() -> None:
    """Two entries of one file that find differently differ; a word about it changes nothing."""
    digest = entry().digest
    assert entry(what="blue squares", file="elsewhere.onnx").digest == digest
    others = [
        entry(operating_point=0.5),
        entry(passes=[128]),
        entry(output={"format": OutputFormat.YOLO_V5.value}),
        entry(input={"size": 128, "channels": "bgr"}),
        entry(kind="license_plate"),
    ]
    assert len({digest, *(other.digest for other in others)}) == 1 + len(others)
