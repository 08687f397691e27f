"""`privgate policy check` and `diff`: what an officer reads, and the status that a script sees."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway import cli

GOOD = """\
name: gate
rules:
  - {kind: face, method: fill, detectors: [centerface], serves: GDPR Art. 5}
  - {kind: text, method: blur, detectors: [ppocr], serves: GDPR Art. 5}
"""


def privgate(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The command in this process; its status."""
    monkeypatch.setattr(sys, "argv", ["privgate", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "gate.yaml"
    file.write_text(GOOD)
    return file


def test_a_valid_policy_is_told_with_its_version_and_what_is_probably_not_meant(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert privgate(monkeypatch, "policy", "check", str(good)) == 0
    told = capsys.readouterr().out
    assert told.startswith("valid: gate\nversion sha256:")
    assert "  face: fill; centerface\n" in told
    assert "warning: text lines are always filled; method blur has no effect, write fill\n" in told
    assert "warning: license plates are not looked for and will be shown; add a rule\n" in told


def test_a_wrong_policy_is_told_by_line_with_status_2(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good.write_text(GOOD.replace("[ppocr]", "[sharpeye]").replace("fill", "filled"))
    assert privgate(monkeypatch, "policy", "check", str(good)) == 2
    told = capsys.readouterr().err
    assert "gate.yaml:3: rules.0.method: is 'filled'; write one of 'fill', 'blur' or 'mosaic'" in told
    assert "gate.yaml:4: rules.1.detectors: there is no detector sharpeye; write some of centerface" in told


def test_two_policies_are_told_apart_in_words(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert privgate(monkeypatch, "policy", "diff", "street", str(good)) == 0
    told = capsys.readouterr().out
    assert "license plates: no longer looked for; they are shown\n" in told
    assert "text lines: newly looked for and hidden (fill; detectors ppocr)\n" in told
    assert told.endswith("altogether: stricter and laxer\n")
    assert privgate(monkeypatch, "policy", "diff", "street", "street") == 0
    assert capsys.readouterr().out == "the same: no difference\n"


def test_an_unknown_preset_is_told_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert privgate(monkeypatch, "policy", "diff", "street", "stret") == 2
    assert "stret: no such preset or file; presets: cctv" in capsys.readouterr().err
