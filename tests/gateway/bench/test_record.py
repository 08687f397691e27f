"""A run that is gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.bench.errors import BenchError
from gateway.bench.record import NAME, Record
from gateway.bench.run import Made, State
from policies.model import Detection, Kind, Reading, Region, Size

POLICY = "sha256:1"


LINE = Detection(Kind.TEXT, Region(1, 2, 30, 4), 0.5, "ppocr", Reading.HARMLESS)


def made(folder: Path, name: str) -> Made:
    return Made(
        name=name,
        output=folder / "set" / "a.jpg",
        state=State.HELD,
        reason="face.doubtful",
        seconds=1.5,
        stages={"decode": 2.5},
        detectors={"centerface": 1.25},
        worker_peak=3,
        decoder_peak=4,
        size=Size(30, 20),
        detections=(Detection(Kind.FACE, Region(1, 2, 3, 4), 0.5, "centerface"), LINE),
    )


def test_what_was_done_is_there_again(tmp_path: Path) -> None:
    refused = Made("set/b", None, State.REFUSED, "image.malformed", 0.5)
    with Record(tmp_path, POLICY) as record:
        record.add(made(tmp_path, "set/a"))
        record.add(refused)
    with Record(tmp_path, POLICY) as again:
        assert again.done == {"set/a": made(tmp_path, "set/a"), "set/b": refused}


def test_a_line_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    with Record(tmp_path, POLICY) as record:
        record.add(made(tmp_path, "set/a"))
        record.add(made(tmp_path, "set/b"))
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-20])
    with Record(tmp_path, POLICY) as again:
        assert list(again.done) == ["set/a"]
        again.add(made(tmp_path, "set/b"))
    with Record(tmp_path, POLICY) as once_more:
        assert list(once_more.done) == ["set/a", "set/b"]


def test_results_of_another_policy_or_other_code_are_not_passed_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Record(tmp_path, POLICY):
        pass
    with pytest.raises(BenchError, match="another policy"), Record(tmp_path, "sha256:2"):
        pass
    monkeypatch.setattr("gateway.bench.record.code_digest", lambda: "sha256:other")
    with pytest.raises(BenchError, match="other code"), Record(tmp_path, POLICY):
        pass


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(BenchError, match="is not empty"), Record(tmp_path, POLICY):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
