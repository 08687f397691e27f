"""The audit pages over HTTP: a log that is searched, proven, exported and bent."""

from __future__ import annotations

import hashlib
import time

import pytest
from sqlalchemy import text

from audit.verification import verify_export
from gateway import installation
from gateway.services.ids import new_id
from gateway.services.sequencer import Sequencer
from gateway.store.queries import log_checks
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import Browser

ASSET = new_id("asset")
SUBJECT = new_id("thing")


@pytest.fixture(scope="module")
def sequenced(shared_house: House) -> House:
    """Entries in the tree, under a checkpoint, that speak of one image and of one thing."""
    with shared_house.database.unit() as unit:
        unit.ledger.record(actor="worker", action="asset.quarantined", subject=ASSET, reason="x.y")
        unit.ledger.record(actor="worker", action="thing.done_to", subject=SUBJECT, asset=ASSET)
    settings = shared_house.settings
    keys = installation.log_keys(settings)
    signer = installation.checkpoint_signer(settings)
    sequencer = Sequencer(
        shared_house.database, signer, settings.checkpoint_file, shared_house.now, keys.is_authentic
    )
    while sequencer.run_once():
        pass
    return shared_house


@pytest.fixture
def auditor(sequenced: House) -> tuple[str, Browser]:
    return sequenced.signed_in(Role.AUDITOR)


def index_of(house: House, subject: str) -> int:
    with house.database.engine.connect() as connection:
        query = text("SELECT leaf_index FROM log_entry WHERE entry LIKE :like ORDER BY id LIMIT 1")
        return int(connection.execute(query, {"like": f'%"subject":"{subject}"%'}).scalar_one())


def test_a_search_is_a_link_in_words_and_codes(auditor: tuple[str, Browser]) -> None:
    page = auditor[1].get(f"/audit?about={ASSET}&act=asset.quarantined")
    assert page.status_code == 200
    assert "Quarantined" in page.text
    assert "x.y" in page.text
    assert "thing.done_to" not in page.text
    assert "style=" not in page.text


def test_an_act_that_has_no_words_is_shown_as_its_own(auditor: tuple[str, Browser]) -> None:
    assert "Thing done to" in auditor[1].get(f"/audit?about={SUBJECT}").text


def test_what_cannot_be_looked_for_lists_nothing_and_says_why(auditor: tuple[str, Browser]) -> None:
    page = auditor[1].get("/audit?about=a+sentence+about+somebody&since=yesterday&person=Nobody+Here")
    assert page.status_code == 200
    for words in ("An id, such as", "A day, such as", "Nobody has this name", "Nothing is listed"):
        assert words in page.text
    assert "<tbody>" not in page.text


def test_a_person_is_found_by_name_and_two_of_one_name_are_asked_about(sequenced: House) -> None:
    _, browser = sequenced.signed_in(Role.OFFICER)
    with sequenced.database.unit() as unit:
        for number in range(2):
            person = f"person-{number:024x}"
            insert = "INSERT INTO person (id, role, created_at) VALUES (:id, 'annotator', '2031-01-01')"
            unit.session.connection().execute(text(insert), {"id": person})
            named = "INSERT INTO person_name (person_id, name) VALUES (:id, :name)"
            unit.session.connection().execute(text(named), {"id": person, "name": f"Quill <b>{number}"})
    asked = browser.get("/audit?person=quill").text
    assert "choose one" in asked
    assert "Quill &lt;b&gt;1" in asked
    assert "No entry matches" in browser.get("/audit?person=Quill+%3Cb%3E1").text


def test_an_entry_is_shown_to_the_byte_with_a_proof_that_can_be_repeated(
    sequenced: House, auditor: tuple[str, Browser]
) -> None:
    index = index_of(sequenced, SUBJECT)
    page = auditor[1].get(f"/audit/entries/{index}")
    assert "it leads to the signed root" in page.text
    told = auditor[1].get(f"/audit/entries/{index}/proof.json").json()
    result = hashlib.sha256(b"\x00" + told["entry"].encode()).digest()
    assert result.hex() == told["leaf"]
    place, last = index, told["size"] - 1
    for given in map(bytes.fromhex, told["proof"]):  # RFC 9162, section 2.1.3.2, written down anew
        if place % 2 or place == last:
            result = hashlib.sha256(b"\x01" + given + result).digest()
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            result = hashlib.sha256(b"\x01" + result + given).digest()
        place, last = place >> 1, last >> 1
    assert result.hex() == told["root"]


def test_an_entry_that_is_not_there_is_no_page(auditor: tuple[str, Browser]) -> None:
    assert auditor[1].get("/audit/entries/99999999").status_code == 404


def test_a_life_is_told_though_the_database_knows_no_such_image(auditor: tuple[str, Browser]) -> None:
    page = auditor[1].get(f"/audit/assets/{ASSET}")
    assert page.status_code == 200
    assert "Quarantined" in page.text
    assert "The database knows no asset of this id" in page.text


def test_checkpoints_agree_with_the_file_and_continue_each_other(auditor: tuple[str, Browser]) -> None:
    page = auditor[1].get("/audit/checkpoints?old=0&new=0")
    assert "agrees" in page.text
    assert "Nothing was compared" in page.text


def test_the_export_is_what_the_offline_verifier_takes(
    sequenced: House, auditor: tuple[str, Browser]
) -> None:
    answer = auditor[1].get("/audit/export")
    assert "attachment" in answer.headers["content-disposition"]
    key = installation.checkpoint_verifier(sequenced.settings)
    outside = sequenced.settings.checkpoint_file.read_text("utf-8").splitlines(keepends=True)
    assert verify_export(answer.text.splitlines(keepends=True), key, outside=outside).verified


def test_verify_now_runs_beside_the_server_and_says_what_it_found(
    sequenced: House, auditor: tuple[str, Browser]
) -> None:
    person, browser = auditor
    where = browser.act("/audit/checks").headers["location"]
    deadline = time.monotonic() + 120
    while "every 1s" in browser.get(where).text and time.monotonic() < deadline:
        time.sleep(0.2)
    page = browser.get(where).text
    assert "The log is whole" in page
    assert "Every signed root is met" in page
    assert [entry.action for entry in entries(sequenced.database) if entry.actor == person][-1:] == [
        "audit.verified"
    ]
    assert "Log verified" in browser.get("/audit").text or "Log signed" in browser.get("/audit").text


def test_a_verdict_against_the_log_names_the_entry(sequenced: House, auditor: tuple[str, Browser]) -> None:
    person, browser = auditor
    finding = {"code": "entry.leaf", "severity": "failure", "message": "entry 3: <i>bent</i>", "entry": 3}
    report = {
        "verdict": "tampered",
        "origin": "o",
        "entries": 9,
        "checkpoints": 1,
        "checkpoints_met": 0,
        "outside_met": None,
        "covered": 0,
        "root": None,
        "writers": 1,
        "failures": 1,
        "findings": [finding],
        "findings_in_all": 1,
        "seconds": 0.1,
        "listed": 8,
        "peak_bytes": 1,
    }
    with sequenced.database.unit() as unit:
        record = log_checks.begin(
            unit.session, check_id=new_id("check"), person_id=person, due=9, now=sequenced.now()
        )
        log_checks.finish(unit.session, record.id, verdict="tampered", report=report, now=sequenced.now())
    page = browser.get(f"/audit/checks/{record.id}").text
    assert "The log was tampered with" in page
    assert "&lt;i&gt;bent&lt;/i&gt;" in page
    assert 'href="/audit/entries/3"' in page
    assert "privgate audit reindex" in page


@pytest.mark.parametrize("role", [Role.UPLOADER, Role.REVIEWER, Role.ANNOTATOR, Role.OPERATOR])
def test_for_others_there_is_no_such_page(sequenced: House, role: Role) -> None:
    _, browser = sequenced.signed_in(role)
    paths = ("/audit", "/audit/entries/0", f"/audit/assets/{ASSET}", "/audit/checkpoints", "/audit/export")
    assert {browser.get(path).status_code for path in (*paths, "/audit/checks")} == {404}
    assert browser.act("/audit/checks").status_code == 404


def test_a_verification_is_begun_by_a_page_of_ours_alone(auditor: tuple[str, Browser]) -> None:
    assert auditor[1].post("/audit/checks", {"token": "x" * 64}).status_code == 403
