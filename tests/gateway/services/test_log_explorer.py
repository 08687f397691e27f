"""Looking into the log: proofs that lead to what was signed or say why not, and checkpoints held outside."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from audit.merkle import verify_inclusion
from gateway.errors import AccessDenied, NotFound
from gateway.services.log_explorer import LogExplorer
from gateway.services.outside_file import Agreement
from gateway.store.log_terms import Filter
from gateway.store.queries import log_tree
from policies.access import Principal, Role
from tests.gateway.services.log import SIGNER, Log
from tests.gateway.services.test_audit_log import forge
from tests.gateway.store.rows import NOW, entries

AUDITOR = Principal("person-auditor", Role.AUDITOR)


@pytest.fixture
def grown(log: Log, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Five checkpoints: 4, 8, 12, 16 and 20 entries; roots are kept of blocks of four."""
    monkeypatch.setattr(log_tree, "BLOCK", 4)
    log.grow(5)
    return log


def explorer(log: Log) -> LogExplorer:
    return LogExplorer(log.database, SIGNER.verifier, log.outside, lambda: NOW)


def test_every_entry_is_shown_with_a_proof_that_a_verifier_takes(grown: Log) -> None:
    for index in range(20):
        one = explorer(grown).entry(AUDITOR, index)
        assert one.proof is not None
        assert one.proof.fault is None
        assert one.proof.checkpoint.size == 20
        given = [step.left if step.left_is_given else step.right for step in one.proof.path]
        verify_inclusion(one.proof.leaf, index, 20, given, one.proof.checkpoint.root)


def test_an_entry_that_no_checkpoint_covers_yet_has_no_proof(grown: Log) -> None:
    grown.tamper("DELETE FROM log_checkpoint WHERE size > 16")
    one = explorer(grown).entry(AUDITOR, 17)
    assert (one.proof, one.signed is not None) == (None, True)


def test_an_edited_entry_is_marked_and_does_not_lead_to_the_signed_root(grown: Log) -> None:
    grown.tamper("UPDATE log_entry SET entry = replace(entry, 'person-1', 'person-2') WHERE leaf_index = 9")
    one = explorer(grown).entry(AUDITOR, 9)
    assert one.listed.altered
    assert one.proof is not None
    assert one.proof.fault == "leaf 9 does not lead to the root of 20 leaves"


def test_an_entry_edited_with_its_leaf_does_not_lead_to_the_signed_root(grown: Log) -> None:
    with grown.database.engine.begin() as connection:
        forge(connection, 9)
    one = explorer(grown).entry(AUDITOR, 9)
    assert not one.listed.altered
    assert one.proof is not None
    assert one.proof.fault == "leaf 9 does not lead to the root of 20 leaves"


def test_a_kept_root_that_is_bent_proves_nothing(grown: Log) -> None:
    with grown.database.engine.begin() as connection:
        connection.execute(text("UPDATE log_block SET root = :root WHERE number = 4"), {"root": bytes(32)})
    proof = explorer(grown).entry(AUDITOR, 3).proof
    # The block at the edge is read leaf by leaf; one further in is not, and its proof fails.
    grown.tamper("UPDATE log_block SET root = (SELECT root FROM log_block WHERE number = 0) WHERE number = 1")
    broken = explorer(grown).entry(AUDITOR, 17).proof
    assert proof is not None
    assert broken is not None
    assert broken.fault is not None


def test_an_entry_that_is_not_there_is_not_found(grown: Log) -> None:
    with pytest.raises(NotFound):
        explorer(grown).entry(AUDITOR, 20)


def test_checkpoints_come_a_page_at_a_time_each_held_against_the_file(
    grown: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.services.log_explorer.CHECKPOINTS", 2)
    look = explorer(grown)
    first = look.checkpoints(AUDITOR)
    assert [kept.signed.size for kept in first.kept] == [20, 16]
    assert {kept.agreement for kept in first.kept} == {Agreement.AGREES}
    second = look.checkpoints(AUDITOR, below=first.older)
    assert ([kept.signed.size for kept in second.kept], second.older) == ([12, 8], 8)
    back = look.checkpoints(AUDITOR, above=second.newer)
    assert ([kept.signed.size for kept in back.kept], back.newer) == ([20, 16], None)


def test_a_file_that_grew_is_read_on_and_one_that_was_set_back_is_read_again(grown: Log) -> None:
    look = explorer(grown)
    assert look.checkpoints(AUDITOR).kept[0].agreement is Agreement.AGREES
    whole = grown.outside.read_bytes()
    grown.grow(1)
    assert [kept.agreement for kept in look.checkpoints(AUDITOR).kept] == [Agreement.AGREES] * 6
    grown.outside.write_bytes(whole)
    assert look.checkpoints(AUDITOR).kept[0].agreement is Agreement.ABSENT
    grown.outside.unlink()
    assert look.checkpoints(AUDITOR).kept[0].agreement is Agreement.NO_FILE


def test_a_second_history_under_the_same_key_shows_against_the_file(grown: Log) -> None:
    genuine = grown.outside.read_bytes()
    grown.tamper(
        "DELETE FROM log_checkpoint",
        "DELETE FROM log_block",
        "UPDATE log_entry SET leaf_index = NULL, leaf_hash = NULL",
        "DELETE FROM log_entry WHERE sequence = 0",
    )
    grown.outside.unlink()
    grown.act("one-more")
    assert grown.sequencer.run_once() == 20
    grown.outside.write_bytes(genuine)
    assert explorer(grown).checkpoints(AUDITOR).kept[0].agreement is Agreement.DIFFERS


def test_a_checkpoint_that_the_key_did_not_sign_is_told(grown: Log) -> None:
    grown.tamper("UPDATE log_checkpoint SET note = replace(note, '12', '13') WHERE size = 12")
    (bad,) = [kept for kept in explorer(grown).checkpoints(AUDITOR).kept if kept.signed.checkpoint is None]
    assert (bad.signed.size, bad.agreement) == (12, None)


def test_one_checkpoint_continues_another_or_it_is_said(grown: Log) -> None:
    look = explorer(grown)
    assert look.consistency(AUDITOR, 20, 8).fault is None
    with grown.database.engine.begin() as connection:
        forge(connection, 9)
    connection.close()
    grown.tamper("DELETE FROM log_block")
    assert look.consistency(AUDITOR, 12, 20).fault is not None
    with pytest.raises(NotFound):
        look.consistency(AUDITOR, 8, 9)


def test_a_search_is_an_entry_and_a_look_at_the_newest_page_is_none(grown: Log) -> None:
    look = explorer(grown)
    look.search(AUDITOR, Filter())
    found = look.search(AUDITOR, Filter(actor="person-1", about="thing-3")).found
    look.search(AUDITOR, Filter(actor="person-1"), before=found.entries[0].place)
    told = [entry for entry in entries(grown.database) if entry.actor == AUDITOR.id]
    assert [(one.action, one.subject, dict(one.details)) for one in told] == [
        ("audit.searched", "thing-3", {"person": "person-1"})
    ]


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.UPLOADER, Role.REVIEWER, Role.OPERATOR])
def test_others_see_nothing_of_the_log(grown: Log, role: Role) -> None:
    asking, look = Principal("person-2", role), explorer(grown)
    for ask in (
        lambda: look.search(asking, Filter()),
        lambda: look.entry(asking, 3),
        lambda: look.checkpoints(asking),
        lambda: look.consistency(asking, 4, 8),
        lambda: look.people_called(asking, "Olga"),
    ):
        with pytest.raises(AccessDenied):
            ask()


def test_an_export_may_end_at_a_checkpoint_and_verifies(grown: Log) -> None:
    from audit.verification import verify_export

    lines = list(grown.audit.export(AUDITOR, size=12))
    report = verify_export(lines, SIGNER.verifier, strict=True)
    assert (report.verified, report.entries, report.covered) == (True, 12, 12)
    with pytest.raises(NotFound):
        grown.audit.export(AUDITOR, size=11)
