"""What the officer and the operator see of the installation: figures, the rows behind them, and no more."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.services.ids import new_id
from gateway.store.ledger import utc_now
from gateway.store.queries import assets, copies, datasets, workers
from gateway.vault.keyring import KeyPurpose, key_file_path, read_key_file
from policies.access import Role
from policies.lifecycle import AssetState
from policies.model import Kind, Redaction, RedactionMethod, Region
from policies.policy import load_policy
from tests.gateway.store.rows import asset_record, copy_record, entries
from tests.gateway.web.console.conftest import House
from tests.support.console import Browser

PAGES = {
    **dict.fromkeys(
        ("/home", "/home/live", "/home/datasets", "/home/refused", "/vault"), frozenset({Role.OFFICER})
    ),
    **dict.fromkeys(("/health", "/queues", "/workers", "/keys", "/models"), frozenset({Role.OPERATOR})),
    "/assets": frozenset({Role.OFFICER, Role.OPERATOR}),
    "/find": frozenset({Role.OFFICER, Role.OPERATOR, Role.UPLOADER, Role.AUDITOR}),
}


def make_dataset(house: House, officer: str) -> str:
    dataset = new_id("dataset")
    with house.database.unit() as unit:
        datasets.add(
            unit.session,
            dataset_id=dataset,
            name=f"Harrow {dataset[-4:]}",
            policy=load_policy("street"),
            created_by=officer,
            now=utc_now(),
        )
    return dataset


def bring(house: House, dataset: str, person: str, *way: AssetState, reason: str | None = None) -> str:
    """An asset that went this way; the reason is its last state's."""
    asset = new_id("asset")
    now = utc_now()
    record = replace(
        asset_record(asset), dataset_id=dataset, uploader_id=person, received_at=now, updated_at=now
    )
    with house.database.unit() as unit:
        assets.add(unit.session, record, sealed_name=None)
        for state in way:
            why = reason if state is way[-1] else None
            assets.move(unit.session, asset, state, now=utc_now(), reason=why)
    return asset


def figure(page: str, label: str) -> str:
    """The number under a label of the figures."""
    found = re.search(rf"<dt>{label}</dt><dd[^>]*>(?:<a[^>]*>)?([^<]*)", page)
    assert found is not None, label
    return found[1]


@pytest.mark.parametrize("role", list(Role))
def test_a_page_is_there_for_its_roles_and_absent_for_the_others(house: House, role: Role) -> None:
    _, browser = house.signed_in(role)
    seen = {path: browser.get(path).status_code for path in PAGES}
    assert seen == {path: 200 if role in roles else 404 for path, roles in PAGES.items()}


def test_figures_count_what_happened_and_open_its_rows(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    before = browser.get("/home").text
    bring(house, dataset, officer)
    bring(house, dataset, officer, AssetState.PROCESSING, AssetState.RELEASED)
    waiting = bring(
        house, dataset, officer, AssetState.PROCESSING, AssetState.NEEDS_REVIEW, reason="face.doubtful"
    )
    held = bring(
        house, dataset, officer, AssetState.PROCESSING, AssetState.QUARANTINED, reason="image.malformed"
    )
    after = browser.get("/home").text
    for label in ("In queue", "Released today", "Waiting for review", "Not released"):
        assert int(figure(after, label)) == int(figure(before, label)) + 1
    assert "Could not be decoded" in after
    assert held in browser.get("/assets?state=quarantined&reason=image.malformed").text
    assert waiting in browser.get(f"/assets?state=needs_review&dataset={dataset}").text
    assert held not in browser.get(f"/assets?state=released&dataset={dataset}").text


def test_live_figures_are_sent_again_only_when_they_changed(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    page = browser.get("/home").text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert seen is not None
    bring(house, dataset, officer, AssetState.PROCESSING, AssetState.RELEASED)
    changed = browser.get(f"/home/live?days=14&seen={seen[1]}")
    assert changed.status_code == 200
    assert 'hx-swap-oob="innerHTML"' in changed.text
    now = re.search(r'name="seen" value="([0-9a-f]+)"', changed.text)
    assert now is not None
    assert browser.get(f"/home/live?days=14&seen={now[1]}").status_code == 204


def test_the_list_is_gone_through_by_its_own_links(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    brought = {bring(house, dataset, officer) for _ in range(120)}
    found: list[str] = []
    pages, path = [], f"/assets?dataset={dataset}"
    while path:
        page = browser.get(path).text
        pages.append(rows(page))
        found += rows(page)
        path = link(page, "Older")
    assert len(found) == len(set(found)) == 120
    assert set(found) == brought
    newer = link(page, "Newer")
    assert rows(browser.get(newer).text) == pages[1]
    assert link(browser.get(link(browser.get(newer).text, "Newer")).text, "Newer") == ""


def rows(page: str) -> list[str]:
    return re.findall(r'title="(asset-[0-9a-f]{24})"', page)


def link(page: str, word: str) -> str:
    found = [
        href
        for href, inner in re.findall(r'<a class="btn" href="([^"]+)">(.*?)</a>', page, re.S)
        if word in inner
    ]
    return found[0].replace("&amp;", "&") if found else ""


def test_an_address_that_no_page_wrote_is_refused_in_words(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    answer = browser.get("/assets?before=yesterday~asset-1")
    assert answer.status_code == 422
    assert "no page of the list" in answer.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OPERATOR])
def test_what_a_machine_held_is_put_through_again_and_entered(house: House, role: Role) -> None:
    person, browser = house.signed_in(role)
    officer, _ = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    held = bring(
        house, dataset, officer, AssetState.PROCESSING, AssetState.QUARANTINED, reason="job.attempts"
    )
    kept = bring(house, dataset, officer, AssetState.PROCESSING, AssetState.QUARANTINED, reason="review.face")
    assert browser.act(f"/assets/{held}/requeue").status_code == 303
    assert browser.act(f"/assets/{kept}/requeue").status_code == 409
    with house.database.reading() as session:
        assert assets.get(session, held).state is AssetState.RECEIVED
        assert assets.get(session, kept).state is AssetState.QUARANTINED
    last = [one for one in entries(house.database) if one.action == "asset.requeued"][-1]
    assert (last.actor, last.subject) == (person, held)
    assert browser.post(f"/assets/{held}/requeue").status_code == 403, "without the page's token"


def test_an_image_is_told_by_id_and_regions_never_by_name(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    asset = bring(house, dataset, officer, AssetState.PROCESSING, AssetState.RELEASED)
    page = browser.get(f"/assets/{asset}").text
    assert asset in page
    assert f"/audit/assets/{asset}" in page
    assert "<img" not in page
    assert browser.get("/assets/asset-none").status_code == 404


def test_what_is_filled_for_earlier_copies_and_what_has_old_cells_is_told(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    asset = bring(house, dataset, officer, AssetState.PROCESSING, AssetState.RELEASED)
    blurred = Redaction(Region(0, 0, 9, 9), Kind.FACE, RedactionMethod.BLUR).to_dict()
    filled = {**blurred, "method": "fill", "instead_of": "blur"}
    for number, redactions in enumerate(([filled], [blurred]), 1):
        report = {"policy_version": load_policy("street").version, "redactions": redactions}
        copy = replace(copy_record(new_id("copy"), asset, number, dataset), report=report)
        with house.database.unit() as unit:
            copies.add(unit.session, copy)
    assert browser.get(f"/assets/{asset}").text.count("filled although the policy blurs") == 1
    assert "With finer cells: 1." in browser.get(f"/policies/datasets/{dataset}").text


def found(browser: Browser, text: str) -> Any:
    return browser.get(f"/find?q={text}")


def test_the_find_leads_to_what_a_role_may_know_of(house: House) -> None:
    officer, browser = house.signed_in(Role.OFFICER)
    dataset = make_dataset(house, officer)
    asset = bring(house, dataset, officer)
    assert found(browser, asset).headers["location"] == f"/assets/{asset}"
    assert asset in found(browser, asset[:18]).text
    assert f"/assets?dataset={dataset}" in found(browser, "harrow").text
    assert f"/workforce/people/{officer}" in found(browser, officer).headers.get("location", "")
    _, operator = house.signed_in(Role.OPERATOR)
    assert found(operator, asset).headers["location"] == f"/assets/{asset}"
    assert "Nothing fits" in found(operator, "harrow").text
    assert "Nothing fits" in found(operator, officer).text
    _, uploader = house.signed_in(Role.UPLOADER)
    assert "Nothing fits" in found(uploader, asset).text
    assert "Nothing fits" in found(browser, "%25").text, "a sign of the database's own is a letter like any"


def test_no_page_shows_a_key(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    _, operator = house.signed_in(Role.OPERATOR)
    pages = officer.get("/vault").text + operator.get("/keys").text
    for purpose in KeyPurpose:
        for key in read_key_file(key_file_path(house.settings.keys, purpose)).keys:
            assert key.id in pages
            assert base64.b64encode(key.secret).decode() not in pages
            assert key.secret.hex() not in pages


def test_the_operator_sees_which_workers_are_alive(house: House) -> None:
    _, operator = house.signed_in(Role.OPERATOR)
    with house.database.unit() as unit:
        workers.beat(unit.session, "worker-fresh", now=utc_now() + timedelta(minutes=1))
        workers.beat(unit.session, "worker-late", now=utc_now() - timedelta(minutes=1))
    page = operator.get("/workers").text
    states = re.findall(r'<td class="mono">(worker-\w+)</td><td><span class="chip (\w+)"', page)
    assert dict(states) == {"worker-fresh": "released", "worker-late": "needs_review"}
    assert "1 alive" in page


def test_health_names_the_part_that_does_not_work(house: House) -> None:
    _, operator = house.signed_in(Role.OPERATOR)

    def key_of_originals() -> str:
        house.app.state.readiness._kept = None
        page = operator.get("/health").text
        told = re.search(r"<span>Key of originals</span><span[^>]*>([^<]*)<", page)
        assert told is not None
        return told[1]

    assert key_of_originals() == "answers"
    house.settings.keys.chmod(0o755)
    try:
        assert key_of_originals() == "does not answer: KeyringError"
        assert "This server is not ready" in operator.get("/health").text
    finally:
        house.settings.keys.chmod(0o700)
        house.app.state.readiness._kept = None


def test_models_are_listed_with_their_digests(house: House) -> None:
    _, operator = house.signed_in(Role.OPERATOR)
    page = operator.get("/models").text
    assert "centerface" in page
    assert "Absent" in page, "this installation's folder of models is empty"
    assert "SHA-256" in page
