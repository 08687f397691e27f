"""'Verify now': a process beside the server reads the log, one at a time; its verdict is kept and told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.errors import AccessDenied
from gateway.services import log_checks as module
from gateway.services.log_checks import LogChecks
from gateway.store.queries.log_checks import FAILED, FINISHED, RUNNING, CheckRecord
from gateway.store.queries.people import add_person
from policies.access import Principal, Role
from tests.gateway.services.log import SIGNER, Log
from tests.gateway.store.rows import NOW, entries

AUDITOR = Principal("person-auditor", Role.AUDITOR)
SILENT = ("sleep", "600")


@pytest.fixture
def grown(log: Log) -> Log:
    with log.database.unit() as unit:
        add_person(unit.session, person_id=AUDITOR.id, role=Role.AUDITOR, name="Lena", now=NOW)
    log.grow(3)
    return log


@pytest.fixture
def checks(grown: Log) -> Iterator[LogChecks]:
    made = LogChecks(grown.database, SIGNER.verifier, grown.outside, lambda: NOW)
    yield made
    made.close()


def over(checks: LogChecks, record: CheckRecord) -> CheckRecord:
    """The run once it is over; the process has some minutes for a few entries."""
    deadline = time.monotonic() + 240
    while (found := checks.read(AUDITOR, record.id)).state == RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def told(log: Log) -> list[tuple[str, object]]:
    found = [entry for entry in entries(log.database) if entry.action.startswith("audit.")]
    return [(entry.action, entry.details.get("verdict")) for entry in found]


def test_a_whole_log_is_found_whole_and_that_is_told(grown: Log, checks: LogChecks) -> None:
    done = over(checks, checks.start(AUDITOR))
    assert (done.state, done.verdict, done.asked_by) == (FINISHED, "verified", AUDITOR.id)
    assert done.report is not None
    assert (done.report["entries"], done.report["covered"], done.report["outside_met"]) == (12, 12, 3)
    assert done.report["listed"] >= 12
    assert done.report["peak_bytes"] > 1_000_000
    assert told(grown) == [("audit.verify", None), ("audit.verified", "verified")]
    assert checks.newest(AUDITOR) == [done]


def test_a_bent_log_is_named_entry_by_entry(grown: Log, checks: LogChecks) -> None:
    grown.tamper("UPDATE log_entry SET entry = replace(entry, 'person-1', 'person-2') WHERE leaf_index = 9")
    done = over(checks, checks.start(AUDITOR))
    assert done.verdict == "tampered"
    assert done.report is not None
    assert ("entry.leaf", 9) in [(one["code"], one.get("entry")) for one in done.report["findings"]]
    assert told(grown)[-1] == ("audit.verified", "tampered")


def test_while_one_runs_whoever_asks_is_led_to_it(
    grown: Log, checks: LogChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROCESS", SILENT)
    first = checks.start(AUDITOR)
    assert checks.start(AUDITOR).id == first.id
    assert [check.id for check in checks.newest(AUDITOR)] == [first.id]
    checks.close()
    assert over(checks, first).state == FAILED


def test_a_process_that_ends_without_a_verdict_is_called_failed(
    grown: Log, checks: LogChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROCESS", ("true",))
    done = over(checks, checks.start(AUDITOR))
    assert (done.state, done.verdict, done.report) == (FAILED, None, {"reason": "process_ended"})
    assert told(grown)[-1] == ("audit.verification_failed", None)
    assert checks.newest(AUDITOR) == []


def test_a_run_without_a_sign_of_life_makes_way(grown: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROCESS", SILENT)
    dead = LogChecks(grown.database, SIGNER.verifier, grown.outside, lambda: NOW)
    first = dead.start(AUDITOR)
    monkeypatch.undo()
    later = NOW + module.STALE_AFTER + timedelta(seconds=1)
    other = LogChecks(grown.database, SIGNER.verifier, grown.outside, lambda: later)
    done = over(other, other.start(AUDITOR))
    assert done.verdict == "verified"
    assert other.read(AUDITOR, first.id).report == {"reason": "interrupted"}
    dead.close()
    other.close()


def test_the_database_s_password_is_in_nobody_s_list_of_processes(
    grown: Log, checks: LogChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any("://" in word for word in module.PROCESS)


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.UPLOADER, Role.REVIEWER, Role.OPERATOR])
def test_others_begin_none(grown: Log, checks: LogChecks, role: Role) -> None:
    with pytest.raises(AccessDenied):
        checks.start(Principal("person-2", role))
