"""The twin test in a running gateway: asked over HTTP, done by the worker, checked offline by an auditor."""

from __future__ import annotations

from hashlib import sha256

from audit.note import CheckpointVerifier
from audit.twin_test import open_certificate
from tests.journeys.conftest import House
from tests.support.gateway import content_of, give_grant, proof_of, settled, upload
from tests.support.pictures import plate_png


def test_a_copy_is_proven_and_its_certificate_is_of_the_file_that_annotators_get(house: House) -> None:
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
    listed = house.officer.http.get(f"/v1/assets/{asset['id']}/proofs").json()
    assert ([one["id"] for one in listed["proofs"]], listed["next"]) == ([proof["id"]], None)
