"""Migrations: from nothing to exactly what the tables say, any number of times, in several processes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import Session, SQLModel

from gateway.services import accounts
from gateway.services.people import CONSOLE
from gateway.store import schema
from gateway.store.database import Database
from gateway.store.label_tables import LabelTask
from gateway.store.ledger import utc_now
from gateway.store.queries import assets, copies, log, people, submissions
from gateway.store.records import SubmissionRecord
from policies.access import Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, asset_record, copy_record, mac, seed
from tests.support.postgres import PostgresServer

MIGRATE = """
import sys
from gateway.store.database import Database
database = Database(sys.argv[1])
with database.alone():
    database.migrate()
"""


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def migrate(database: Database) -> None:
    with database.alone():
        database.migrate()


def test_from_nothing_they_make_what_the_tables_say(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database)
    assert differences(database) == []
    database.close()


def test_the_newest_version_is_the_one_that_all_migrations_lead_to() -> None:
    assert ScriptDirectory.from_config(schema.configuration()).get_heads() == [schema.newest()]


def test_a_start_that_finds_nothing_to_migrate_does_without_alembic(url: str) -> None:
    """Its import is a good part of a command's start."""
    command = [sys.executable, "-W", "error", "-c", MIGRATE + "assert 'alembic' not in sys.modules", url]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_comparison_would_see_a_difference(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DROP INDEX grant_by_person"))
    assert differences(database) != []


def test_twice_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    migrate(database)
    before = sorted(inspect(database.engine).get_table_names())
    migrate(database)
    assert sorted(inspect(database.engine).get_table_names()) == before
    database.close()


def test_two_processes_at_once_leave_one_schema(empty_url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", MIGRATE, empty_url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said.decode()
    database = Database(empty_url)
    assert differences(database) == []
    database.close()


def test_entries_that_an_earlier_release_left_waiting_are_given_their_codes(empty_url: str) -> None:
    database = Database(empty_url, mac=mac)
    with database.engine.begin() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        insert = "INSERT INTO log_entry (writer, sequence, entry) VALUES ('w-1', 0, 'as it was written')"
        connection.execute(text(insert))
    migrate(database)
    with database.reading() as session:
        (item,) = log.inbox(session, limit=2)
    assert item.mac == mac(b"as it was written")
    database.close()


def test_what_was_labelled_before_there_were_frames_is_told_how_many_its_image_has(empty_url: str) -> None:
    database = Database(empty_url, mac=mac)
    migrate(database)
    seed(database)
    reports = {"copy-a": {"frames": 3}, "copy-b": {"frames": 1}, "copy-c": {}}
    with database.unit() as unit:
        for copy, report in reports.items():
            _labelled(unit.session, copy, report)
    with database.engine.begin() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0019_label_frames")
        command.downgrade(config, "-1")
    migrate(database)
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT copy_id, frames FROM label_submission ORDER BY copy_id"))
        assert [tuple(row) for row in found] == [("copy-a", 3), ("copy-b", 1), ("copy-c", 1)]
    database.close()


def test_who_was_invited_before_is_told_by_the_log(empty_url: str) -> None:
    database = Database(empty_url, mac=mac)
    migrate(database)
    seed(database)
    password = "four unrelated words here"
    came: dict[str, str] = {}
    for name, by in (("second", OFFICER), ("third", CONSOLE)):
        for _ in range(2):  # the newer link ends the one before
            invited = accounts.invite(
                database, role=Role.OFFICER, name=None, clock=utc_now, by=by, person_id=came.get(name)
            )
            came[name] = invited.person_id
        accounts.accept(database, invited.code, login=name, password=password, clock=utc_now)
    with database.engine.begin() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0019_label_frames")
    migrate(database)
    with database.reading() as session:
        assert people.chain(session, came["second"]) == [came["second"], OFFICER]
        assert people.chain(session, came["third"]) == [came["third"]]
        assert people.chain(session, OFFICER) == [OFFICER]
    database.close()


def _labelled(session: Session, copy: str, report: dict[str, int]) -> None:
    """A released image with a task and labels that say nothing of frames."""
    asset, task = asset_record(f"asset-of-{copy}", AssetState.RELEASED), f"task-of-{copy}"
    assets.add(session, asset, sealed_name=None)
    copies.add(session, replace(copy_record(copy, asset.id), report={"policy_version": "-", **report}))
    session.add(LabelTask(id=task, asset_id=asset.id, dataset_id=DATASET, created_at=NOW))
    session.flush()
    record = SubmissionRecord(
        id=f"labels-of-{copy}",
        task_id=task,
        number=1,
        dataset_id=DATASET,
        asset_id=asset.id,
        copy_id=copy,
        person_id=ANNOTATOR,
        width=4,
        height=3,
        frames=1,
        labels=(),
        submitted_at=NOW,
    )
    submissions.add(session, record)


def test_a_failed_migration_leaves_the_lock_free(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        with database.alone():
            raise RuntimeError("the disk is full")
    except RuntimeError:
        pass
    migrate(database)
    assert differences(database) == []
    database.close()


def test_an_index_may_be_built_concurrently_inside(postgres: PostgresServer, postgres_template: str) -> None:
    """As the job engine's own migrations do on PostgreSQL: such a build waits for every open transaction."""
    database = Database(postgres.create("concurrently", template=postgres_template))
    with database.alone(), database.engine.connect() as connection:
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        outside.execute(text("SET lock_timeout = '5s'"))
        outside.execute(text("CREATE INDEX CONCURRENTLY person_by_role ON person (role)"))
    assert "person_by_role" in {index["name"] for index in inspect(database.engine).get_indexes("person")}
    database.close()
    postgres.drop("concurrently")
