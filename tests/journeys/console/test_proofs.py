"""An officer has a copy proven at the console, and an auditor takes the certificate home."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from audit.certificate import main as certificate_command
from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import settled, upload
from tests.support.pictures import plate_png


def test_an_officer_proves_a_copy_and_an_auditor_takes_its_certificate_home(
    house: House, seat: Seat, tmp_path: Path
) -> None:
    asset = settled(house.uploader, upload(house.uploader, house.dataset, plate_png()))["id"]
    page = seat(house.officer)
    page.goto(f"/assets/{asset}")
    proof = page.get_by_role("region", name="Proof")
    expect(proof).to_contain_text("Nothing is detected anew")
    proof.get_by_role("button", name="Prove the copy").click()
    expect(proof).to_contain_text("Two pictures that differ only beneath the regions give this very file.")
    looked_at(page, "proof-officer")

    page = seat(house.auditor, color_scheme="dark", viewport=TABLET)
    page.goto(f"/audit/assets/{asset}")
    for words in ("Proof asked for", "Original opened for a proof", "Copy proven"):
        expect(page.locator(".time-l")).to_contain_text(words)
    looked_at(page, "proof-auditor")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Certificate").click()
    downloading.value.save_as(tmp_path / "certificate")
    key = house.installation.client().get("/v1/audit/prover-key").text.strip()
    assert certificate_command([str(tmp_path / "certificate"), "--key", key]) == 0
    page.get_by_role("link", name="Entries of this proof").click()
    expect(page.get_by_role("cell", name="Copy proven")).to_be_visible()
