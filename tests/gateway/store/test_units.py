"""One unit of work: rows and audit entries together or not at all, and chains without a gap."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session

from audit.errors import MalformedEntry
from gateway.errors import LedgerUnavailable
from gateway.store.database import Database
from gateway.store.queries import counters
from gateway.store.queries.locks import Task, claim
from tests.gateway.store.rows import NOW, check_chains, entries


def record(database: Database, subject: str, times: int = 1) -> None:
    with database.unit() as unit:
        counters.add(unit.session, "acts", 1)
        for number in range(times):
            unit.ledger.record(actor="person-1", action="thing.done", subject=subject, number=number)


def lose(database: Database, subject: str) -> None:
    """An act that fails after its entry was written."""
    with database.unit() as unit:
        counters.add(unit.session, "acts", 1)
        unit.ledger.record(actor="person-1", action="thing.lost", subject=subject)
        unit.ledger.flush()
        raise ZeroDivisionError


def say(database: Database, words: str) -> None:
    with database.unit() as unit:
        counters.add(unit.session, "acts", 1)
        unit.ledger.record(actor="person-1", action="thing.done", subject="thing-1", note=words)


def acts(database: Database) -> int:
    with database.reading() as session:
        return counters.value(session, "acts")


def test_rows_and_entries_are_committed_together(database: Database) -> None:
    record(database, "thing-1", times=3)
    assert acts(database) == 1
    assert [(e.subject, e.details["number"]) for e in entries(database)] == [("thing-1", n) for n in range(3)]


def test_an_exception_takes_rows_and_entries_back_and_leaves_no_gap(database: Database) -> None:
    record(database, "thing-1")
    with pytest.raises(ZeroDivisionError):
        lose(database, "thing-2")
    record(database, "thing-3")
    assert acts(database) == 2
    assert [entry.subject for entry in entries(database)] == ["thing-1", "thing-3"]
    assert check_chains(entries(database)) == 1


def test_free_text_is_refused_and_takes_the_act_back_with_it(database: Database) -> None:
    for detail in ("IMG 0042.jpg, Olga's passport", "Łódź", "a\nb", "x" * 201):
        with pytest.raises(MalformedEntry) as caught:
            say(database, detail)
        assert detail not in str(caught.value)
    assert acts(database) == 0
    assert entries(database) == []


def forbid_commit(database: Database) -> None:
    """From now on a unit that writes to `doubt` fails when it commits, and not before."""
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(
            text("CREATE TABLE doubt (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        )


def doubt(database: Database, subject: str) -> None:
    with database.unit() as unit:
        counters.add(unit.session, "acts", 1)
        unit.session.connection().execute(text("INSERT INTO doubt VALUES (7)"))
        unit.ledger.record(actor="person-1", action="thing.done", subject=subject)


def test_a_commit_that_fails_is_told_as_the_log_being_unavailable(database: Database) -> None:
    forbid_commit(database)
    record(database, "thing-1")
    with pytest.raises(LedgerUnavailable):
        doubt(database, "thing-2")
    record(database, "thing-3")
    assert acts(database) == 2
    found = entries(database)
    assert [entry.subject for entry in found] == ["thing-1", "thing-3"]
    # What became of a failed commit is never sure, so that writer ended and another took over.
    assert check_chains(found) == 2


def test_a_commit_without_entries_fails_with_its_own_error(database: Database) -> None:
    forbid_commit(database)
    with pytest.raises(IntegrityError), database.unit() as unit:
        unit.session.connection().execute(text("INSERT INTO doubt VALUES (7)"))


@pytest.mark.parametrize("interruption", [OperationalError("COMMIT", {}, Exception()), KeyboardInterrupt()])
def test_a_commit_that_took_effect_unseen_breaks_no_chain(
    database: Database, monkeypatch: pytest.MonkeyPatch, interruption: BaseException
) -> None:
    """The connection was cut, or the process interrupted, between the commit and its answer."""
    record(database, "thing-1")
    real = Session.commit

    def commit_and_fail(session: Session) -> None:
        real(session)
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", commit_and_fail)
        with pytest.raises((LedgerUnavailable, KeyboardInterrupt)):
            record(database, "thing-2")
    record(database, "thing-3")
    assert [entry.subject for entry in entries(database)] == ["thing-1", "thing-2", "thing-3"]
    assert check_chains(entries(database)) == 2


def test_a_log_that_cannot_be_written_stops_the_act(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE log_entry RENAME TO away"))
    with pytest.raises(LedgerUnavailable):
        record(database, "thing-1")
    assert acts(database) == 0


def test_many_threads_write_chains_without_gaps(database: Database) -> None:
    """A third of the units fail in the middle; the writers go on where they were."""
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for turn in range(9):
                if turn % 3 == 2:
                    with pytest.raises(ZeroDivisionError):
                        lose(database, f"thing-{worker}-{turn}")
                record(database, f"thing-{worker}-{turn}", times=1 + turn % 3)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = entries(database)
    assert len(found) == 8 * 3 * (1 + 2 + 3)
    assert acts(database) == 8 * 9
    assert 1 <= check_chains(found) <= 8
    assert "thing.lost" not in {entry.action for entry in found}


def test_an_entry_carries_the_time_of_the_clock(url: str) -> None:
    database = Database(url, clock=lambda: NOW + timedelta(microseconds=1))
    record(database, "thing-1")
    assert [entry.time for entry in entries(database)] == [NOW + timedelta(microseconds=1)]
    database.close()


def test_a_reader_sees_what_was_committed_and_waits_for_no_writer(database: Database) -> None:
    record(database, "thing-1")
    with database.unit() as unit:
        counters.add(unit.session, "acts", 5)
        unit.session.flush()
        assert acts(database) == 1  # who waited would do so until it is given up: the writer is this thread
    assert acts(database) == 6


def test_what_is_written_while_only_reading_is_not_kept(database: Database) -> None:
    with database.reading() as session:
        counters.add(session, "acts", 5)
        session.flush()
    assert acts(database) == 0


def test_one_transaction_at_a_time_has_a_task(database: Database) -> None:
    held = []
    with database.unit() as unit:
        assert claim(unit.session, Task.SEQUENCE)
        if database.url.get_backend_name() == "postgresql":
            # On SQLite a second unit would wait at its beginning; here it goes on without the task.
            with database.unit() as other:
                held.append(claim(other.session, Task.SEQUENCE))
                held.append(claim(other.session, Task.REAP))
    assert held in ([], [False, True])
    with database.unit() as unit:
        assert claim(unit.session, Task.SEQUENCE)


def test_no_value_of_a_row_stands_in_a_database_error(database: Database) -> None:
    """Their text may reach a log; it must not carry what the statement carried."""
    with database.unit() as unit:
        counters.add(unit.session, "Olga-42", 1)
    with pytest.raises(IntegrityError) as caught, database.unit() as unit:
        unit.session.connection().execute(
            text("INSERT INTO counter (name, value) VALUES (:name, 1)"), {"name": "Olga-42"}
        )
    ours = str(caught.value).split("[SQL:")[1]  # the driver's own words before it are PostgreSQL's
    assert "Olga" not in ours
    assert "hidden" in ours


def test_a_failed_commit_leaves_nothing_locked(url: str) -> None:
    database, other = Database(url), Database(url)
    forbid_commit(database)
    with pytest.raises(IntegrityError), database.unit() as unit:
        unit.session.connection().execute(text("INSERT INTO doubt VALUES (7)"))
    record(other, "thing-1")  # what is locked is waited for, and then given up with an error
    database.close()
    other.close()


def test_threads_that_count_for_the_first_time_lose_nothing(database: Database) -> None:
    def count() -> None:
        with database.unit() as unit:
            counters.add(unit.session, "first", 1)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert counters.value(session, "first") == 8
