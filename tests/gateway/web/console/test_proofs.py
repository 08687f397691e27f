"""What the console says of a proof in each state, to whom, and of proofs that were asked for there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.services.ids import new_id
from gateway.store.ledger import utc_now
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.queries import copies, proofs
from policies.access import Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import copy_record
from tests.gateway.web.console.conftest import House
from tests.gateway.web.console.test_home_pages import bring, make_dataset


def proof_of(house: House, officer: str, **result: object) -> tuple[str, str]:
    """A released image with a proof: their ids. result: what came of it."""
    dataset = make_dataset(house, officer)
    asset = bring(house, dataset, officer, AssetState.PROCESSING, AssetState.RELEASED)
    copy = replace(copy_record(new_id("copy"), asset, dataset_id=dataset), blob=new_id("blob"))
    record = ProofRecord(new_id("proof"), asset, copy.id, dataset, officer, utc_now())
    with house.database.unit() as unit:
        copies.add(unit.session, copy)
        proofs.add(unit.session, record)
        if result:
            proofs.finish(unit.session, record.id, now=utc_now(), **result)  # type: ignore[arg-type]
    return asset, record.id


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({}, "Waits for a worker"),
        (
            {"outcome": ProofOutcome.NOT_PROVEN, "reason": "prove.twin"},
            "The file depends on what its regions hide",
        ),
        (
            {
                "outcome": ProofOutcome.NOT_PROVEN,
                "reason": "prove.copy",
                "detail": {"made_with": {"pillow": "11.0"}, "proved_with": {"pillow": "13.0", "webp": "1.5"}},
            },
            "11.0 then, 13.0 now",
        ),
        (
            {"outcome": ProofOutcome.FAILED, "reason": "vault.unreadable"},
            "Nothing could be compared: Sealed original does not open.",
        ),
    ],
)
def test_each_state_is_told_in_words(house: House, result: dict[str, object], says: str) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    asset, proof = proof_of(house, officer, **result)
    for page in (f"/assets/{asset}", f"/audit/assets/{asset}", f"/audit/assets/{asset}/proofs"):
        text = browser.get(page).text
        assert says in text
        assert ('hx-trigger="every 1s"' in text) == (not result)
    assert browser.get(f"/audit/proofs/{proof}/certificate").status_code == 404


def test_an_operator_sees_the_image_and_no_proof(house: House) -> None:
    officer, _ = house.signed_in(Role.OFFICER)
    asset, proof = proof_of(house, officer)
    _, browser = house.signed_in(Role.OPERATOR)
    page = browser.get(f"/assets/{asset}")
    assert page.status_code == 200
    assert "twins" not in page.text
    for path in (f"/audit/assets/{asset}/proofs", f"/audit/proofs/{proof}/certificate"):
        assert browser.get(path).status_code == 404
