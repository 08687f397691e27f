"""`privgate prove`: what it proves, what it refuses to, and a certificate that its key signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from audit.errors import AuditError
from audit.note import CheckpointVerifier, verify_note
from gateway.cli import app
from gateway.imaging.decode import decode
from gateway.imaging.encode import encode
from gateway.imaging.image import Limits
from gateway.imaging.redact import apply
from policies.model import Kind, Redaction, RedactionMethod, Region

FACE = Region(176, 56, 280, 184)

Prove = Callable[..., Result]


@dataclass(frozen=True)
class Run:
    """What `privgate anonymize` left: an original, its copy, its report."""

    original: Path
    copy: Path
    report: Path
    prove: Prove


@pytest.fixture
def run(portrait: Image.Image, tmp_path: Path) -> Run:
    """Made by the rooms that the command calls, without the detectors, which take seconds."""
    original, copy, report = tmp_path / "in.jpg", tmp_path / "out.jpg", tmp_path / "report.jsonl"
    portrait.save(original, quality=92)
    write_copy(original, copy, report, RedactionMethod.BLUR)

    def prove(*options: str) -> Result:
        arguments = ["prove", str(original), str(copy), "--report", str(report), *options]
        return CliRunner().invoke(app, arguments)

    return Run(original, copy, report, prove)


def write_copy(original: Path, copy: Path, report: Path, method: RedactionMethod) -> None:
    image = decode(original.read_bytes(), Limits())
    plan = [Redaction(FACE, Kind.FACE, method)]
    copy.write_bytes(encode(apply(image.pixels, plan), image.format, lossless=image.lossless).data)
    line = {
        "sha256": hashlib.sha256(copy.read_bytes()).hexdigest(),
        "policy": {"name": "street"},
        "redactions": [{"kind": "face", "method": method.value, "region": FACE.to_dict()}],
    }
    report.write_text(json.dumps(line) + "\n")


def test_a_copy_of_ours_is_proven_and_the_bits_that_a_blur_leaves_are_told(run: Run) -> None:
    done = run.prove()
    assert done.exit_code == 0, done.output
    assert done.output.startswith("PROVEN  3 twins")
    assert "bits left of what they hide: 12" in done.output
    assert "Nothing was detected anew" in done.output


def test_of_a_fill_no_bit_is_left(run: Run) -> None:
    write_copy(run.original, run.copy, run.report, RedactionMethod.FILL)
    done = run.prove()
    assert done.exit_code == 0, done.output
    assert "bits left of what they hide: 0" in done.output


def test_a_copy_that_shows_more_than_its_regions_is_not_proven(run: Run) -> None:
    line = json.loads(run.report.read_text())
    line["redactions"][0]["region"]["x1"] += 8  # the report claims more than the copy hides
    run.report.write_text(json.dumps(line))
    done = run.prove()
    assert done.exit_code == 1
    assert "NOT PROVEN (prove.content)" in done.output


def test_a_copy_that_was_changed_is_in_no_report(run: Run) -> None:
    pixels = np.asarray(Image.open(run.copy)).copy()
    Image.fromarray(pixels).save(run.copy, quality=95)
    done = run.prove()
    assert done.exit_code == 2
    assert "tells of no output with these bytes" in " ".join(done.output.replace("│", " ").split())


def test_the_certificate_is_signed_and_a_changed_one_is_not(run: Run, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate", tmp_path / "prover.key"
    done = run.prove("--certificate", str(certificate), "--key", str(key))
    (signed,) = [line for line in done.output.splitlines() if line.startswith("signed ")]
    verifier = CheckpointVerifier.parse(signed.split(None, 1)[1])
    note = certificate.read_text()
    told = json.loads(verify_note(note, verifier))
    assert (told["twins"], told["bits_left"], told["regions"]) == (3, 12, 1)
    with pytest.raises(AuditError):
        verify_note(note.replace('"bits_left": 12', '"bits_left": 0'), verifier)
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_signs_nothing(run: Run, tmp_path: Path) -> None:
    key = tmp_path / "prover.key"
    run.prove("--key", str(key))
    key.chmod(0o644)
    done = run.prove("--key", str(key))
    assert done.exit_code != 0
    assert "chmod 600" in str(done.output) + str(done.exception)


def test_a_gateways_copy_stands_for_the_files_and_one_of_both_is_needed(run: Run) -> None:
    assert run.prove("--asset", "asset-1").exit_code == 2
    for arguments in ([], [str(run.original), str(run.copy)], ["--asset", "a", "--dataset", "d"]):
        assert CliRunner().invoke(app, ["prove", *arguments]).exit_code == 2


def test_without_a_token_no_gateway_is_asked(run: Run, tmp_path: Path) -> None:
    arguments = ["prove", "--asset", "asset-1", "--token-file", str(tmp_path / "none")]
    done = CliRunner().invoke(app, arguments)
    assert "there is no readable token" in str(done.exception)
