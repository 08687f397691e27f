"""Proofs of copies in the gateway: who may ask, what is entered before and after, what a copy that is not
proven comes to, and that a worker that dies leaves nothing half done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from audit.note import verify_note
from audit.twin_test import open_certificate
from gateway.errors import AccessDenied, Conflict, NotFound
from gateway.imaging.image import Pixels
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from gateway.installation import prover_signer
from gateway.services import prove
from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.jobs import PROVE
from gateway.services.proof_runner import FORGOTTEN_AFTER
from gateway.services.proofs import PAGE
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.queries import copies, counters, proofs
from gateway.store.records import CopyRecord
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Kind, Redaction, Region
from policies.review import Addition, Changes
from tests.gateway.services.desk import Desk
from tests.gateway.services.proving import AUDITOR, GOVERNOR, ProvingDesk, by_another_encoder
from tests.gateway.store.rows import DATASET, OFFICER, entries, release

ASSET = "asset-1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def bench(database: Database, tmp_path: Path, sandbox: Sandbox) -> ProvingDesk:
    return ProvingDesk(Desk(database, tmp_path, sandbox))


def acts(bench: ProvingDesk) -> list[tuple[str, str]]:
    """Actions and subjects, from the first question on."""
    found = [(entry.action, entry.subject) for entry in entries(bench.database)]
    return found[next(i for i, (action, _) in enumerate(found) if action == "proof.asked") :]


def proven(bench: ProvingDesk, **options: str) -> ProofRecord:
    asked = bench.proofs.ask(GOVERNOR, ASSET, **options)
    bench.runner().run(asked.id)
    return bench.proofs.read(AUDITOR, asked.id)


def withdrawn(bench: ProvingDesk, copy: CopyRecord) -> bool:
    with bench.database.reading() as session:
        return copies.get(session, copy.id).withdrawn_at is not None


def test_a_copy_is_proven_and_its_certificate_says_of_what(bench: ProvingDesk) -> None:
    copy = bench.released(made_by="0")
    record = proven(bench)
    assert (record.outcome, record.reason, record.copy_id) == (ProofOutcome.PROVEN, None, copy.id)
    told = json.loads(verify_note(str(record.certificate), bench.prover.verifier))
    assert told["sha256"] == sha256(bench.bytes_of(copy)).hexdigest()
    assert (told["asset"], told["copy"], told["proof"]) == (ASSET, copy.id, record.id)
    assert (told["made_by"], told["code_version"]) == ("0", "1")
    assert told["policy_version"] == copy.report["policy_version"]
    assert (told["regions"], told["methods"], told["twins"]) == (2, {"blur": 2}, 3)
    assert "detected anew" in told["claim"]


def test_a_copy_that_reviewers_settled_is_proven_with_what_they_added(bench: ProvingDesk) -> None:
    desk = bench.desk
    [review] = desk.wait_for_people()
    added = Changes({}, {}, [Addition(Kind.TEXT, Region(0, 24, 32, 32))])
    desk.decide(desk.reviewers[0], review, changes=added)
    assert desk.remaker.run("copy-1") is AssetState.RELEASED
    told = json.loads(str(proven(bench).certificate).partition("\n")[0])
    assert (told["regions"], told["methods"]) == (3, {"blur": 2, "fill": 1})


def test_the_opening_is_entered_before_the_original_is_opened(
    bench: ProvingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    seen: list[str] = []
    opening = type(bench.desk.originals).open

    def looked(*arguments: object) -> bytes:
        seen.extend(entry.action for entry in entries(bench.database))
        return opening(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(bench.desk.originals), "open", looked)
    bench.runner().run(asked.id)
    assert seen[-1] == "original.opened_for_proof"
    opened = next(e for e in entries(bench.database) if e.action == "original.opened_for_proof")
    assert (opened.actor, opened.subject) == ("worker-1", ASSET)
    assert opened.details == {"proof": asked.id, "copy": asked.copy_id, "asked_by": OFFICER}


def test_the_log_holds_a_commitment_that_the_certificate_opens_and_no_digest(bench: ProvingDesk) -> None:
    copy = bench.released()
    record = proven(bench)
    assert acts(bench) == [
        ("proof.asked", record.id),
        ("original.opened_for_proof", ASSET),
        ("copy.proven", copy.id),
    ]
    entry = entries(bench.database)[-1]
    certificate = open_certificate(str(record.certificate), bench.prover.verifier)
    assert entry.details["commitment"] == certificate.commitment()
    assert entry.details["proof"] == record.id
    assert certificate.sha256 not in entry.to_bytes().decode()


def test_officers_and_auditors_may_ask_and_nobody_else(bench: ProvingDesk) -> None:
    bench.released()
    assert bench.proofs.ask(AUDITOR, ASSET).asked_by == AUDITOR.id
    for role in set(Role) - {Role.OFFICER, Role.AUDITOR}:
        with pytest.raises(AccessDenied):
            bench.proofs.ask(Principal(OFFICER, role), ASSET)
        denied = entries(bench.database)[-1]
        assert (denied.action, denied.details["asked"]) == ("access.denied", "copy.prove")
        with pytest.raises(AccessDenied):
            bench.proofs.list(Principal(OFFICER, role), ASSET)


def test_without_a_released_copy_there_is_nothing_to_prove(bench: ProvingDesk) -> None:
    bench.desk.wait_for_people()
    with pytest.raises(Conflict, match="no released copy"):
        bench.proofs.ask(GOVERNOR, ASSET)
    with pytest.raises(NotFound):
        bench.proofs.ask(GOVERNOR, "asset-2")


def test_a_copy_that_is_not_the_newest_is_proven_by_name(bench: ProvingDesk) -> None:
    copy = bench.released()
    with bench.database.unit() as unit:
        copies.withdraw_older(unit.session, ASSET, than=copy.revision + 1, now=bench.desk.now)
    with pytest.raises(Conflict):
        bench.proofs.ask(GOVERNOR, ASSET)
    assert proven(bench, copy_id=copy.id).outcome is ProofOutcome.PROVEN
    with pytest.raises(NotFound):
        bench.proofs.ask(GOVERNOR, ASSET, copy_id="copy-9")


def test_asked_twice_it_is_one_proof_and_both_questions_are_entered(bench: ProvingDesk) -> None:
    bench.released()
    first, second = bench.proofs.ask(GOVERNOR, ASSET), bench.proofs.ask(AUDITOR, ASSET)
    assert first == second
    assert [action for action, _ in acts(bench)] == ["proof.asked", "proof.asked"]
    bench.runner().run(first.id)
    assert bench.proofs.ask(GOVERNOR, ASSET).id != first.id


def test_whoever_asks_in_the_same_moment_is_entered_too(
    bench: ProvingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.released()
    first, look = bench.proofs.ask(AUDITOR, ASSET), proofs.open_for

    def early(*_: object) -> None:
        """Of one who looked before the other wrote."""
        monkeypatch.setattr(proofs, "open_for", look)

    monkeypatch.setattr(proofs, "open_for", early)
    assert bench.proofs.ask(GOVERNOR, ASSET) == first
    assert acts(bench) == [("proof.asked", first.id), ("proof.asked", first.id)]


def test_the_list_goes_back_page_by_page(bench: ProvingDesk) -> None:
    copy = bench.released()
    made = []
    with bench.database.unit() as unit:
        for number in range(PAGE + 2):
            bench.desk.later(seconds=number % 2)  # every second one at the same time as the one before
            record = ProofRecord(
                f"proof-{number:024x}", ASSET, copy.id, copy.dataset_id, OFFICER, bench.desk.now
            )
            proofs.add(unit.session, record)
            proofs.finish(unit.session, record.id, ProofOutcome.PROVEN, now=bench.desk.now)
            made.append(record.id)
    first = bench.proofs.list(AUDITOR, ASSET)
    rest = bench.proofs.list(AUDITOR, ASSET, after=first[-1].id)
    assert [one.id for one in (*first, *rest)] == made[::-1]
    assert bench.proofs.list(AUDITOR, ASSET, after=rest[-1].id) == []


def leaky(pixels: Pixels, redactions: Sequence[Redaction]) -> Pixels:
    """A redaction with a defect: a pixel of each region is left as it was."""
    result = apply(pixels, redactions)
    for one in redactions:
        result[one.region.y0, one.region.x0] = pixels[one.region.y0, one.region.x0]
    return result


def test_a_leak_takes_the_copy_back_and_holds_the_image(
    bench: ProvingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = bench.released()
    monkeypatch.setattr(prove, "apply", leaky)
    record = proven(bench)
    assert (record.outcome, record.reason) == (ProofOutcome.NOT_PROVEN, "prove.twin")
    assert record.certificate is None
    held = bench.desk.asset()
    assert (held.state, held.reason) == (AssetState.QUARANTINED, "prove.twin")
    assert withdrawn(bench, copy)
    assert [action for action, _ in acts(bench)][-2:] == ["copy.not_proven", "asset.quarantined"]


def test_a_copy_that_shows_a_region_is_taken_back(bench: ProvingDesk) -> None:
    copy = bench.released(hidden=1)  # the report says that two are hidden
    record = proven(bench)
    assert (record.outcome, record.reason) == (ProofOutcome.NOT_PROVEN, "prove.content")
    assert bench.desk.asset().state is AssetState.QUARANTINED
    assert withdrawn(bench, copy)


def test_what_another_release_hid_otherwise_is_no_leak(bench: ProvingDesk) -> None:
    copy = bench.released(hidden=1, made_by="0")
    record = proven(bench)
    assert (record.outcome, record.reason) == (ProofOutcome.NOT_PROVEN, "prove.version")
    assert bench.desk.asset().state is AssetState.RELEASED
    assert not withdrawn(bench, copy)


def test_of_a_leak_in_an_older_copy_the_newer_one_stays(bench: ProvingDesk) -> None:
    old = bench.released(hidden=1)
    with bench.database.unit() as unit:
        copies.add(unit.session, replace(old, id="copy-newer", revision=3))
    assert proven(bench, copy_id=old.id).reason == "prove.content"
    assert bench.desk.asset().state is AssetState.RELEASED
    assert withdrawn(bench, old)
    assert bench.desk.newest().withdrawn_at is None


def test_another_encoder_proves_nothing_and_takes_nothing_back(bench: ProvingDesk) -> None:
    copy = bench.released(written=by_another_encoder)
    record = proven(bench)
    assert (record.outcome, record.reason) == (ProofOutcome.NOT_PROVEN, "prove.copy")
    assert bench.desk.asset().state is AssetState.RELEASED
    assert not withdrawn(bench, copy)
    assert record.detail is not None
    assert record.detail["made_with"]["pillow"] == record.detail["proved_with"]["pillow"]


def test_what_cannot_be_opened_fails_and_says_why(bench: ProvingDesk) -> None:
    copy = bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    bench.desk.copy_blobs.delete(copy.blob)
    assert bench.runner().run(asked.id) == "failed"
    assert bench.proofs.read(GOVERNOR, asked.id).reason == "vault.unreadable"
    assert acts(bench)[-1] == ("proof.failed", asked.id)
    assert bench.desk.asset().state is AssetState.RELEASED


def test_without_the_key_a_proof_fails_before_the_original_is_opened(
    bench: ProvingDesk, tmp_path: Path
) -> None:
    bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    nowhere = Settings.read({"HOME": str(tmp_path)}, data=tmp_path / "nowhere")
    assert bench.runner(prover=lambda: prover_signer(nowhere)).run(asked.id) == "failed"
    assert bench.proofs.read(GOVERNOR, asked.id).reason == "worker.no_prover_key"
    assert acts(bench) == [("proof.asked", asked.id), ("proof.failed", asked.id)]


class Killed(BaseException):
    """The process is no more."""


@pytest.mark.parametrize("at", ["prove", "write_certificate"])
def test_a_worker_that_dies_is_followed_by_another_and_there_is_one_certificate(
    bench: ProvingDesk, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    copy = bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    runner = bench.runner()

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(f"gateway.services.proof_runner.{at}", dies)
        with pytest.raises(Killed):
            runner.run(asked.id)
    assert bench.proofs.read(GOVERNOR, asked.id).finished_at is None
    bench.desk.later(seconds=FORGOTTEN_AFTER.total_seconds() + 1)
    bench.runner("worker-2").tend()
    assert bench.asked == [(PROVE, asked.id, f"{asked.id}:1")]
    assert bench.runner("worker-2").run(asked.id) == "proven"
    done = bench.proofs.read(GOVERNOR, asked.id)
    assert runner.run(asked.id) == "proven"  # the first one's job, once more
    assert bench.proofs.read(GOVERNOR, asked.id) == done
    counted = [action for action, _ in acts(bench)]
    assert (counted.count("original.opened_for_proof"), counted.count("copy.proven")) == (2, 1)
    assert (done.copy_id, entries(bench.database)[-1].actor) == (copy.id, "worker-2")


def test_of_two_workers_at_one_proof_one_finishes_it(
    bench: ProvingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    real = prove.prove

    def overtaken(*arguments: object, **options: object) -> prove.Proof:
        monkeypatch.setattr("gateway.services.proof_runner.prove", real)
        assert bench.runner("worker-2").run(asked.id) == "proven"
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("gateway.services.proof_runner.prove", overtaken)
    assert bench.runner("worker-1").run(asked.id) == "proven"
    (entry,) = [entry for entry in entries(bench.database) if entry.action == "copy.proven"]
    certificate = str(bench.proofs.read(GOVERNOR, asked.id).certificate)
    opened = open_certificate(certificate, bench.prover.verifier)
    assert (entry.actor, entry.details["commitment"]) == ("worker-2", opened.commitment())
    with bench.database.reading() as session:
        assert counters.value(session, "proof.proven") == 1


def test_a_proof_that_takes_its_worker_down_each_time_is_given_up(bench: ProvingDesk) -> None:
    bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    with bench.database.unit() as unit:
        for _ in range(MAX_ATTEMPTS):
            proofs.begin(unit.session, asked.id, now=bench.desk.now)
    assert bench.runner().run(asked.id) == "failed"
    assert bench.proofs.read(GOVERNOR, asked.id).reason == "job.attempts"


def test_what_nobody_has_begun_is_asked_for(bench: ProvingDesk) -> None:
    bench.released()
    asked = bench.proofs.ask(GOVERNOR, ASSET)
    bench.runner().tend()
    assert bench.asked == [(PROVE, asked.id, f"{asked.id}:0")]


@pytest.fixture
def many(bench: ProvingDesk) -> list[str]:
    """The ids of ten released copies of a dataset; but for one, they stand close together."""
    made = [f"copy-{number:024x}" for number in (*range(9), 16**24 - 1)]
    with bench.database.unit() as unit:
        for number, copy in enumerate(made):
            release(unit.session, f"asset-{number}", copy)
    return made


def test_a_sample_is_drawn_by_lot_and_each_copy_is_in_it_once(bench: ProvingDesk, many: list[str]) -> None:
    drawn = bench.proofs.sample(AUDITOR, DATASET, number=4)
    assert len({one.copy_id for one in drawn} & set(many)) == len(drawn) == 4
    assert len([entry for entry in entries(bench.database) if entry.action == "proof.asked"]) == 4
    listed = bench.proofs.list_dataset(AUDITOR, DATASET)
    assert {one.id for one in listed} == {one.id for one in drawn}


def test_each_copy_is_as_likely_as_any_other(bench: ProvingDesk, many: list[str]) -> None:
    rounds = 300
    with bench.database.reading() as session:
        lots = [copies.drawn_in(session, DATASET, number=5) for _ in range(rounds)]
    times = Counter(copy.id for lot in lots for copy in lot)
    # 150 each, and eleven standard deviations to either side: a fair lot never strays so far.
    assert set(times) == set(many)
    assert all(abs(number - rounds / 2) < 95 for number in times.values())


def test_where_there_are_fewer_all_are_in_the_sample(bench: ProvingDesk, many: list[str]) -> None:
    assert {one.copy_id for one in bench.proofs.sample(GOVERNOR, DATASET, number=10)} == set(many)


def test_a_sample_of_nothing_and_one_by_others_is_refused(bench: ProvingDesk) -> None:
    with pytest.raises(Conflict):
        bench.proofs.sample(GOVERNOR, DATASET, number=1)
    with pytest.raises(NotFound):
        bench.proofs.sample(GOVERNOR, "dataset-2", number=1)
    with pytest.raises(AccessDenied):
        bench.proofs.sample(Principal(OFFICER, Role.OPERATOR), DATASET, number=1)
