"""Wrong usage: status 2, a sentence that says what to do, and nothing is written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.cli import main
from tests.gateway.cli.runs import files


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """in/a.jpg, in/sub/b.jpg, other/a.jpg: no images, for none of these runs gets to opening one."""
    for name in ("in/a.jpg", "in/sub/b.jpg", "other/a.jpg", "mixed/needs-review/c.jpg", "out/copy.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    return tmp_path


USAGE = {
    "an output folder within an input": ("{0}/in --out {0}/in/clean", "lies in the input"),
    "an input within the output folder": ("{0}/in/sub --out {0}/in", "lies in the output folder"),
    "a file of the output folder as input": ("{0}/out/copy.jpg --out {0}/out", "lies in the output folder"),
    "an output folder that is a file": ("{0}/in --out {0}/other/a.jpg", "is a file"),
    "two inputs with one output": ("{0}/in {0}/other --out {0}/o", "would both be written to a.jpg"),
    "a folder called needs-review": ("{0}/mixed --out {0}/o", "mixed up"),
    "an input that is not there": ("{0}/nowhere.jpg --out {0}/o", "no such file or folder"),
    "a folder without a file": ("{0}/empty --out {0}/o", "hold no file"),
    "a report over an input": ("{0}/in/a.jpg --out {0}/o --report {0}/in/a.jpg", "among the inputs"),
    "a page among the inputs": ("{0}/in --out {0}/o --html {0}/in/page.html", "among the inputs"),
    "one file for report and page": ("{0}/in --out {0}/o --report {0}/r --html {0}/r", "the same file"),
    "an unknown policy": ("{0}/in --out {0}/o --policy nonsense", "presets: "),
    "an unknown kind": ("{0}/in --out {0}/o --kinds faces", "the kinds are face, license_plate"),
    "a kind without a rule": ("{0}/in --out {0}/o --kinds code", "has no rule for code"),
    "an unknown method": ("{0}/in --out {0}/o --method smudge", "'smudge'"),
    "no worker": ("{0}/in --out {0}/o --jobs 0", "--jobs"),
    "no output folder": ("{0}/in", "--out"),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(
    case: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: what is tried is over before a worker would be started."""
    line, said = USAGE[case]
    before = files(place)
    monkeypatch.setattr(
        sys, "argv", ["privgate", "anonymize", *(word.format(place) for word in line.split())]
    )
    with pytest.raises(SystemExit) as end:
        main()
    # rich draws a box around usage errors and breaks lines in it
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert end.value.code == 2, told
    assert said in told
    assert files(place) == before
