"""A server has the keys of its role and no more, and does not leave the machine without TLS."""

from __future__ import annotations

import ipaddress
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.journeys.conftest import House
from tests.support.gateway import Installation, give_grant, released_copy, send
from tests.support.pictures import pixels_of, plate_png
from tests.support.processes import wait_until
from tests.support.reviews import (
    claimed,
    decide,
    image_of,
    in_state,
    looked_at_dataset,
    reviews_of,
    waiting_asset,
)


def with_keys(house: House, folder: Path, *names: str) -> Installation:
    """A place for another server of the shared installation, whose keyring holds these files only."""
    folder.mkdir(mode=0o700)
    for name in names:
        shutil.copy(house.installation.data / "keys" / name, folder)
    return house.installation.beside(PRIVGATE_KEYS=str(folder))


def test_a_broker_without_the_originals_key_delivers_copies(house: House, tmp_path: Path) -> None:
    give_grant(house.officer, house.annotator, house.dataset)
    copy = released_copy(house.uploader, house.dataset, plate_png())
    broker = with_keys(house, tmp_path / "keys", "copies.json", "log.json", "checkpoint.pub")
    try:
        broker.serve("--role", "broker")
        annotator, uploader = (broker.person(p.token, p.role) for p in (house.annotator, house.uploader))
        response = annotator.http.get(f"/v1/copies/{copy}/content")
        assert response.status_code == 200
        assert response.content == house.annotator.http.get(f"/v1/copies/{copy}/content").content
        assert send(uploader, house.dataset, plate_png()).status_code == 404
    finally:
        broker.stop()


def test_an_intake_without_the_copies_key_takes_uploads_and_delivers_nothing(
    house: House, tmp_path: Path
) -> None:
    give_grant(house.officer, house.annotator, house.dataset)
    sent = plate_png()
    copy = released_copy(house.uploader, house.dataset, sent)
    intake = with_keys(
        house, tmp_path / "keys", "originals.json", "fingerprints.json", "log.json", "checkpoint.pub"
    )
    try:
        intake.serve("--role", "intake")
        annotator, uploader = (intake.person(p.token, p.role) for p in (house.annotator, house.uploader))
        assert send(uploader, house.dataset, plate_png()).status_code == 202
        assert send(uploader, house.dataset, sent).json()["duplicate"]
        assert annotator.http.get(f"/v1/copies/{copy}/content").status_code == 404
    finally:
        intake.stop()


def test_a_review_desk_without_the_copies_key_shows_originals_and_a_broker_shows_none(
    house: House, tmp_path: Path
) -> None:
    dataset = looked_at_dataset(house.installation, house.officer)
    asset = waiting_asset(house.uploader, dataset, plate_png())
    [review] = reviews_of(house.installation, asset)
    desk = with_keys(house, tmp_path / "desk", "originals.json", "log.json", "checkpoint.pub")
    broker = with_keys(house, tmp_path / "broker", "copies.json", "log.json", "checkpoint.pub")
    try:
        desk.serve("--role", "review")
        broker.serve("--role", "broker")
        at_desk, at_broker = (place.person(house.reviewer.token, "reviewer") for place in (desk, broker))
        claimed(at_desk, review)
        assert np.array_equal(pixels_of(image_of(at_desk, review).content), pixels_of(plate_png()))
        entries = len(house.installation.entries())
        for path in ("", "/image"):
            assert at_broker.http.get(f"/v1/reviews/{review}{path}").status_code == 404
        assert at_broker.http.get("/v1/reviews").status_code == 404
        assert len(house.installation.entries()) == entries
        # The desk takes nothing in and delivers no copy; what is decided there a worker does.
        uploader = desk.person(house.uploader.token, "uploader")
        assert send(uploader, dataset, plate_png()).status_code == 404
        copy = house.uploader.http.get(f"/v1/assets/{asset}").json()["copy_id"]
        assert at_desk.http.get(f"/v1/copies/{copy}/content").status_code == 404
        decide(at_desk, review)
        in_state(house.uploader, asset, "released")
    finally:
        desk.stop()
        broker.stop()


@pytest.mark.parametrize(
    ("role", "lacks"),
    [
        ("broker", "copies.json"),
        ("intake", "originals.json"),
        ("intake", "fingerprints.json"),
        ("review", "originals.json"),
        ("broker", "log.json"),
    ],
)
def test_a_server_that_lacks_its_key_says_so_and_does_not_start(
    house: House, tmp_path: Path, role: str, lacks: str
) -> None:
    names = {"copies.json", "originals.json", "fingerprints.json", "log.json", "checkpoint.pub"} - {lacks}
    without = with_keys(house, tmp_path / "keys", *names)
    told = without.privgate("serve", "--role", role, "--port", str(without.port), expect=2).stderr
    assert lacks in told
    assert "privgate keys create" in told
    assert "Traceback" not in told


def test_a_server_does_not_listen_beyond_loopback_without_tls(house: House) -> None:
    port = str(house.installation.beside().port)
    told = house.installation.privgate("serve", "--host", "0.0.0.0", "--port", port, expect=2).stderr  # noqa: S104
    assert "0.0.0.0 is reachable from other machines" in told
    assert "--tls-cert" in told
    assert "--behind-proxy" in told


def test_with_a_certificate_it_listens_beyond_loopback_and_speaks_https_only(
    house: House, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    place = house.installation.beside()
    files = ("--tls-cert", str(certificate), "--tls-key", str(key))
    process = place.start("serve", "--host", "0.0.0.0", "--port", str(place.port), *files)  # noqa: S104
    url = f"https://127.0.0.1:{place.port}/healthz"
    try:
        with httpx.Client(
            verify=ssl.create_default_context(cafile=str(certificate)), trust_env=False
        ) as client:

            def healthy() -> bool:
                assert process.alive, process.text
                try:
                    return client.get(url).is_success
                except httpx.ConnectError:
                    return False

            wait_until(healthy, "https")
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https", "http"), trust_env=False)
    finally:
        place.stop()


@pytest.mark.parametrize(("proxy", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/24", 403)])
def test_behind_a_named_proxy_it_listens_beyond_loopback_and_answers_the_proxy_alone(
    house: House, proxy: str, status: int
) -> None:
    place = house.installation.beside()
    try:
        place.serve("--host", "0.0.0.0", "--behind-proxy", proxy)  # noqa: S104
        assert place.client().get("/v1/audit/key").status_code == status
    finally:
        place.stop()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "privgate test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
