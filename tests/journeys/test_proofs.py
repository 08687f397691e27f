"""The twin test in a running gateway: asked over HTTP, done by the worker, checked offline by an auditor."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from audit.certificate import main as certificate_command
from audit.note import CheckpointVerifier
from audit.twin_test import open_certificate
from tests.journeys.conftest import House
from tests.support.gateway import (
    all_on_the_tree,
    content_of,
    give_grant,
    proof_of,
    settled,
    upload,
    verify_offline,
)
from tests.support.pictures import plate_png


def test_a_copy_is_proven_and_its_certificate_is_of_the_file_that_annotators_get(
    house: House, tmp_path: Path
) -> None:
    asset = settled(house.uploader, upload(house.uploader, house.dataset, plate_png()))
    proof = proof_of(house.auditor, asset["id"])
    assert (proof["state"], proof["reason"], proof["copy_id"]) == ("proven", None, asset["copy_id"])

    key = CheckpointVerifier.parse(house.installation.client().get("/v1/audit/prover-key").text)
    note = house.auditor.http.get(f"/v1/proofs/{proof['id']}/certificate")
    assert note.headers["content-type"].startswith("text/plain")
    assert note.text == proof["certificate"]
    certificate = open_certificate(note.text, key)
    give_grant(house.officer, house.annotator, house.dataset)
    delivered = content_of(house.annotator, asset["copy_id"]).content
    assert certificate.sha256 == sha256(delivered).hexdigest()

    (entry,) = [e for e in house.installation.entries("copy.proven") if e["subject"] == asset["copy_id"]]
    assert entry["details"]["commitment"] == certificate.commitment()
    # Offline: the certificate, the file, and the log as the auditor takes it home.
    all_on_the_tree(house.installation)
    (tmp_path / "copy").write_bytes(delivered)
    (tmp_path / "certificate").write_text(note.text)
    assert verify_offline(house.auditor, house.installation, tmp_path).returncode == 0
    own = [str(tmp_path / "certificate"), "--key", key.to_text(), "--copy", str(tmp_path / "copy")]
    logs = ["--export", str(tmp_path / "export.jsonl"), "--log-key", str(tmp_path / "log.pub")]
    assert certificate_command([*own, *logs]) == 0

    listed = house.officer.http.get(f"/v1/assets/{asset['id']}/proofs").json()
    assert ([one["id"] for one in listed["proofs"]], listed["next"]) == ([proof["id"]], None)


def test_the_command_asks_waits_and_writes_the_certificate(house: House, tmp_path: Path) -> None:
    asset = settled(house.uploader, upload(house.uploader, house.dataset, plate_png()))
    token = tmp_path / "token"
    token.write_text(house.auditor.token)
    where = ("--url", house.installation.url, "--token-file", str(token))
    done = house.installation.privgate(
        "prove", "--asset", asset["id"], *where, "--certificate", str(tmp_path / "certificate")
    )
    assert done.stdout.startswith(f"PROVEN  {asset['copy_id']}: 3 twins give this very file")
    assert "Nothing was detected anew" in done.stdout
    key = CheckpointVerifier.parse(house.installation.client().get("/v1/audit/prover-key").text)
    open_certificate((tmp_path / "certificate").read_text(), key)

    drawn = house.installation.privgate("prove", "--dataset", house.dataset, "--sample", "2", *where)
    *lines, counted = drawn.stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"proven"}
    assert counted == f"{len(lines)} proven"
