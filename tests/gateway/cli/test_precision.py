"""What the networks calculate in is the operator's choice, and the report says which it was."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from gateway.detection.runtime import fastest_precision
from tests.gateway.cli.runs import anonymize


def _picture(folder: Path) -> Path:
    path = folder / "plain.png"
    Image.new("RGB", (96, 64), (90, 110, 130)).save(path)
    return path


def test_left_out_it_is_the_fastest_that_the_cpu_has(tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    run = anonymize(_picture(tmp_path), "--out", tmp_path / "out", report=report, PRIVGATE_PRECISION="")
    assert [line["precision"] for line in run.lines] == [fastest_precision().value]


def test_f32_is_used_where_it_is_asked_for(tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    run = anonymize(_picture(tmp_path), "--out", tmp_path / "out", report=report, PRIVGATE_PRECISION="f32")
    assert [line["precision"] for line in run.lines] == ["f32"]


def test_another_word_is_told_the_words_there_are(tmp_path: Path) -> None:
    run = anonymize(_picture(tmp_path), "--out", tmp_path / "out", PRIVGATE_PRECISION="int8")
    assert run.status == 2
    assert "PRIVGATE_PRECISION is f32 or bf16" in run.err
    assert not (tmp_path / "out").exists()
