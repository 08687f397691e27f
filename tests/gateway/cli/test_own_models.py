"""`privgate models add`, `remove`: the way of an operator with a model of their own, from entry to copy."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gateway.cli import main
from gateway.own_models.entry import OutputFormat
from tests.support.blue_squares import WINDOW, manifest, network, painted

POLICY = """
name: own
rules:
- kind: face
  method: fill
  detectors: [blue-squares]
"""
AGPL = {"name": "AGPL-3.0-only", "commercial_use": "unknown"}


class Operator:
    """Runs the command in this process, with a folder of models of its own."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.root, self._capsys, self._patch = root, capsys, patch
        patch.setenv("PRIVGATE_MODELS", str(root / "models"))
        patch.chdir(root)

    def run(self, *words: str | Path, status: int = 0) -> str:
        """What it said, on either stream."""
        self._patch.setattr(sys, "argv", ["privgate", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        told = self._capsys.readouterr()
        assert int(end.value.code or 0) == status, told.err
        return told.out + told.err


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    (tmp_path / "own.yaml").write_text(POLICY)
    return Operator(tmp_path, capsys, monkeypatch)


def test_a_model_is_added_named_and_removed(operator: Operator) -> None:
    mine = manifest(operator.root / "brought", network(OutputFormat.YOLO_V8), licence=AGPL)
    assert "no detector blue-squares" in operator.run("policy", "check", "own.yaml", status=2)

    # Shown in full, and accepted by name or not at all.
    told = operator.run("models", "add", mine, status=2)
    assert "GNU Affero General Public License v3.0 only" in told
    assert '--accept-licence "AGPL-3.0-only"' in told
    assert 'not under "MIT"' in operator.run("models", "add", mine, "--accept-licence", "MIT", status=2)
    assert not (operator.root / "models").exists()

    told = operator.run("models", "add", mine, "--accept-licence", "AGPL-3.0-only", "--by", "Jo Doe")
    assert "accepted by Jo Doe" in told
    assert "blue-squares" in operator.run("policy", "check", "own.yaml")
    (line,) = [one for one in operator.run("models", "list").splitlines() if one.startswith("blue-squares")]
    assert "present  AGPL-3.0-only, accepted by Jo Doe  own, added 2" in line
    assert "AGPL-3.0-only, accepted by Jo Doe" in operator.run("models", "verify", "blue-squares")

    # What runs under a name is never swapped.
    told = operator.run("models", "add", mine, "--accept-licence", "AGPL-3.0-only", status=2)
    assert "`privgate models remove blue-squares` first" in told
    operator.run("models", "remove", "blue-squares")
    assert "no detector blue-squares" in operator.run("policy", "check", "own.yaml", status=2)
    assert "no model of your own named" in operator.run("models", "remove", "blue-squares", status=2)


def test_photos_are_anonymized_by_it(operator: Operator, portrait: Image.Image) -> None:
    photos = operator.root / "photos"
    photos.mkdir()
    pixels = painted(np.asarray(portrait.convert("RGB"), dtype=np.uint8), 288, 96)
    Image.fromarray(pixels).save(photos / "photo.png")
    arguments = ("anonymize", photos, "--out", "out", "--policy", "own.yaml", "--report", "report.jsonl")
    assert "no detector blue-squares" in operator.run(*arguments, status=2)
    operator.run("models", "add", manifest(operator.root / "brought", network(OutputFormat.YOLO_V8)))
    assert "1 anonymized" in operator.run(*arguments)
    report = json.loads((operator.root / "report.jsonl").read_text())
    assert set(report["models"]) == {"blue-squares", "blue-squares.entry"}
    assert [one["source"] for one in report["detections"]] == ["blue-squares"]
    with Image.open(operator.root / "out" / "photo.png") as copy:
        hidden = np.asarray(copy.convert("RGB"))
    changed = (hidden != pixels).any(axis=2)
    assert changed[96 : 96 + WINDOW, 288 : 288 + WINDOW].all()
    assert not changed[:, :200].any()


def test_nothing_is_added_of_a_file_that_is_another(operator: Operator) -> None:
    mine = manifest(operator.root / "brought", network(OutputFormat.YOLO_V8), sha256="0" * 64)
    assert "the manifest says 0000" in operator.run("models", "add", mine, status=2)
    mine = manifest(operator.root / "brought", network(OutputFormat.YOLO_V5), OutputFormat.YOLO_V8)
    assert "that is yolo-v5: mend output.format" in operator.run("models", "add", mine, status=2)
    (operator.root / "brought" / "blue.onnx").unlink()
    assert "mend `file` in blue-squares.yaml" in operator.run("models", "add", mine, status=2)
    assert not (operator.root / "models").exists()


def test_an_entry_that_nobody_accepted_is_listed_and_not_used(operator: Operator) -> None:
    mine = manifest(operator.root / "brought", network(OutputFormat.YOLO_V8), licence=AGPL)
    operator.run("models", "add", mine, "--accept-licence", "AGPL-3.0-only")
    kept = operator.root / "models" / "own" / "blue-squares.json"
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"accepted": None}))
    assert "its licence AGPL-3.0-only was not accepted" in operator.run("models", "list")
    assert "cannot be used" in operator.run("models", "verify", status=2)
    assert "no detector blue-squares" in operator.run("policy", "check", "own.yaml", status=2)
    operator.run("models", "remove", "blue-squares")
    assert not kept.exists()


def test_in_an_installation_it_is_an_entry_of_the_log(operator: Operator) -> None:
    data = operator.root / "installation"
    operator.run("keys", "create", "--data", data)
    operator.run("migrate", "--data", data)
    mine = manifest(operator.root / "brought", network(OutputFormat.YOLO_V8), licence=AGPL)
    told = operator.run("models", "add", mine, "--accept-licence", "AGPL-3.0-only", "--data", data)
    assert ", on the log" in told
    assert ", on the log" in operator.run("models", "remove", "blue-squares", "--data", data)
    from sqlmodel import select

    from gateway.store.database import Database
    from gateway.store.tables import LogEntry

    database = Database(f"sqlite:///{data / 'privgate.db'}")
    with database.reading() as session:
        rows = [json.loads(row.entry) for row in session.exec(select(LogEntry)).all()]
    database.close()
    acts = {row["action"]: row for row in rows if row["action"].startswith("model.")}
    assert list(acts) == ["model.added", "model.removed"]
    assert acts["model.added"]["subject"] == "blue-squares"
    assert acts["model.added"]["details"]["licence"] == "AGPL-3.0-only"
