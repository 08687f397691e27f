"""`privgate doctor`: each part is broken for real, and is named with what to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli.doctor import Machine, examination
from gateway.detection.models import ModelStore
from gateway.services.doctor import blobs, machine
from gateway.services.doctor.database import tls_finding
from gateway.services.findings import Finding, Level, examine, worst
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.blobs import BlobStore
from tests.support.filled import copied, fill, settings_of
from tests.support.gateway import Installation


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Installation:
    return fill(Installation(tmp_path_factory.mktemp("sound"), model_store.folder), images=1)


@pytest.fixture
def patient(sound: Installation, tmp_path: Path) -> Iterator[Installation]:
    """A copy of it, to be broken."""
    installation = copied(sound, tmp_path)
    yield installation
    installation.stop()


def findings_of(installation: Installation, role: Machine = Machine.ALL) -> list[Finding]:
    return list(examination(settings_of(installation), role))


def the(findings: list[Finding], code: str) -> Finding:
    """The one finding under a code that is not fine."""
    (found,) = [f for f in findings if f.code == code and f.level is not Level.FINE]
    assert found.remedy
    return found


def test_a_sound_installation_at_rest_only_lacks_a_worker(sound: Installation) -> None:
    findings = findings_of(sound)
    assert [f.code for f in findings if f.level is not Level.FINE] == ["workers"]
    assert worst(findings) is Level.WARNING


def test_the_command_ends_with_the_worst_level_and_says_it_as_json(patient: Installation) -> None:
    warned = json.loads(patient.privgate("doctor", "--json", expect=1).stdout)
    assert warned["status"] == "warning"
    shutil.rmtree(patient.data / "keys")
    broken = json.loads(patient.privgate("doctor", "--json", expect=2).stdout)
    assert broken["status"] == "broken"
    lines = patient.privgate("doctor", expect=2).stdout
    assert "broken   keys.originals: there is no keyring file" in lines
    assert "privgate keys create" in lines


def test_it_changes_nothing(patient: Installation, tmp_path: Path) -> None:
    empty = Installation(tmp_path / "empty", patient.models)
    before = sorted(empty.root.rglob("*"))
    assert worst(findings_of(empty)) is Level.BROKEN
    assert sorted(empty.root.rglob("*")) == before


def test_an_absent_and_a_wrong_model(patient: Installation, tmp_path: Path) -> None:
    models = shutil.copytree(patient.models, tmp_path / "models")
    (models / "centerface.onnx").unlink()
    with (models / "clp-det.onnx").open("ab") as file:
        file.write(b"one byte more")
    patient.extra = {**patient.extra, "PRIVGATE_MODELS": str(models)}
    found = [f for f in findings_of(patient) if f.code == "models" and f.level is Level.BROKEN]
    assert [f.message.split(" in ")[0].split(" from ")[0] for f in found] == [
        "the model centerface is absent",
        "the file of the model clp-det",
    ]
    assert found[0].remedy == "privgate models fetch centerface"


def test_a_missing_system_library_is_told_with_its_apt_line() -> None:
    lacking = machine.SystemLibrary("libnowhere.so.7", "libnowhere7", "Nobody")
    (found,) = machine.system_libraries([*machine.SYSTEM_LIBRARIES, lacking])
    assert found.level is Level.BROKEN
    assert "libnowhere.so.7 (Nobody)" in found.message
    assert found.remedy is not None
    assert found.remedy.endswith("apt-get install -y --no-install-recommends libnowhere7")


def test_a_python_library_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "raise ImportError('libEGL.so.1: cannot open shared object file, asked for by secret-name')"
    (tmp_path / "broken_library.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = machine.python_libraries({"broken_library": "A library"})
    assert found.message == "A library cannot be imported (ImportError): it lacks libEGL.so.1"
    assert found.remedy is not None
    assert found.remedy.endswith("libegl1")


def test_a_key_file_that_others_can_read(patient: Installation) -> None:
    path = patient.data / "keys" / "originals.json"
    path.chmod(0o644)
    found = the(findings_of(patient), "keys.originals")
    assert f"chmod 600 {path}" in f"{found.message} {found.remedy}"


@pytest.mark.parametrize("part", ["originals", "copies"])
def test_another_installations_keys(patient: Installation, tmp_path: Path, part: str) -> None:
    other = Installation(tmp_path / "other", patient.models)
    other.privgate("keys", "create")
    shutil.copy(other.data / "keys" / f"{part}.json", patient.data / "keys" / f"{part}.json")
    found = the(findings_of(patient), f"keys.{part}")
    assert found.level is Level.BROKEN
    assert f"{part}-" in found.message  # the id of the key that is missing


def test_a_key_of_fingerprints_that_is_gone(patient: Installation) -> None:
    (patient.data / "keys" / "fingerprints.json").unlink()
    found = the(findings_of(patient), "keys.fingerprints")
    assert "by which duplicates are known" in found.message
    assert "privgate keys create" in str(found.remedy)
    assert worst(findings_of(patient, Machine.WORKER)) is Level.WARNING


def test_a_webhook_whose_secret_does_not_open(patient: Installation) -> None:
    patient.execute("UPDATE webhook SET sealed_secret = zeroblob(100)")
    assert "its messages cannot be signed" in the(findings_of(patient), "webhooks").message


def test_messages_that_nobody_sends_and_messages_that_nobody_took(patient: Installation) -> None:
    patient.execute(
        "INSERT INTO webhook_delivery (id, webhook_id, event, asset_id, dataset_id, happened_at, attempts) "
        "SELECT 'delivery-1', webhook.id, 'released', asset.id, dataset_id, '2026-01-01 00:00:00.000000', 12 "
        "FROM webhook, asset LIMIT 1"
    )
    given_up = the(findings_of(patient), "webhooks")
    assert given_up.message.startswith("1 messages of webhooks were given up")
    patient.execute("UPDATE webhook_delivery SET due_at = happened_at")
    assert "nobody sends them" in the(findings_of(patient), "webhooks").message


def test_a_checkpoint_key_that_is_no_pair(patient: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path / "other", patient.models)
    other.privgate("keys", "create")
    shutil.copy(other.data / "keys" / "checkpoint.key", patient.data / "keys" / "checkpoint.key")
    assert "are not a pair" in the(findings_of(patient), "keys.checkpoint").message
    shutil.copy(other.data / "keys" / "checkpoint.pub", patient.data / "keys" / "checkpoint.pub")
    assert "did not sign this database's last" in the(findings_of(patient), "keys.checkpoint").message


def test_a_brokers_machine_needs_no_originals_key(patient: Installation) -> None:
    (patient.data / "keys" / "originals.json").unlink()
    (patient.data / "keys" / "checkpoint.key").unlink()
    assert worst(findings_of(patient, Machine.ALL)) is Level.BROKEN
    assert worst(findings_of(patient, Machine.BROKER)) is Level.WARNING


def test_a_database_that_is_not_there(patient: Installation) -> None:
    (patient.data / "privgate.db").unlink()
    assert "there is no database file" in the(findings_of(patient), "database").message
    assert not (patient.data / "privgate.db").exists()


def test_a_truncated_database(patient: Installation) -> None:
    path = patient.data / "privgate.db"
    os.truncate(path, path.stat().st_size // 2)
    assert "privgate.db" in the(findings_of(patient), "database").message


def test_a_database_server_that_does_not_answer(patient: Installation) -> None:
    patient.extra = {"PRIVGATE_DATABASE": "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"}
    found = the(findings_of(patient), "database")
    assert "does not answer" in found.message
    assert "PRIVGATE_DATABASE" in str(found.remedy)


def test_a_schema_of_a_later_release_and_an_older_one(patient: Installation) -> None:
    patient.execute("UPDATE alembic_version SET version_num = '9999'")
    found = the(findings_of(patient), "database.schema")
    assert "9999 was made by a later release" in found.message
    patient.execute("DELETE FROM alembic_version")
    assert the(findings_of(patient), "database.schema").remedy == "privgate migrate"


def test_a_database_out_of_wal_mode(patient: Installation) -> None:
    with closing(sqlite3.connect(patient.data / "jobs.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    found = the(findings_of(patient), "jobs.database")
    assert found.level is Level.WARNING
    assert "not WAL" in found.message


@pytest.mark.parametrize(
    ("host", "mode", "encrypted", "level"),
    [
        ("/run/postgresql", "prefer", False, Level.FINE),
        ("127.0.0.1", "prefer", False, Level.FINE),
        ("db.example", "verify-full", True, Level.FINE),
        ("db.example", "prefer", False, Level.BROKEN),
        ("db.example", "require", True, Level.BROKEN),
    ],
)
def test_tls_to_a_database_elsewhere_is_verified(host: str, mode: str, encrypted: bool, level: Level) -> None:
    assert tls_finding(host, mode, encrypted=encrypted).level is level


def test_a_job_engine_without_its_schema(patient: Installation) -> None:
    with closing(sqlite3.connect(patient.data / "jobs.db")) as connection:
        connection.execute("UPDATE dbos_migrations SET version = 1")
        connection.commit()
    assert the(findings_of(patient), "jobs.database").remedy == "privgate migrate"


def test_a_blob_folder_that_is_gone(patient: Installation) -> None:
    shutil.rmtree(patient.data / "blobs" / "copies")
    assert "there is no folder" in the(findings_of(patient), "blobs.copies").message


def test_a_blob_folder_that_takes_nothing(tmp_path: Path) -> None:
    """By a file where the folder was: permissions do not stop root."""
    store = BlobStore.local(tmp_path / "blobs")
    (tmp_path / "blobs").rmdir()
    (tmp_path / "blobs").write_text("in the way")
    (found,) = blobs.blob_store("originals", lambda: store)
    assert found.level is Level.BROKEN
    assert "cannot be used" in found.message


def test_a_store_that_overwrites() -> None:
    class Overwriting(BlobStore):
        def put(self, name: str, data: object) -> None:
            if self.exists(name):
                self.delete(name)
            super().put(name, data)  # type: ignore[arg-type]

    from obstore.store import MemoryStore

    (found,) = blobs.blob_store("originals", lambda: Overwriting(MemoryStore()))
    assert found.message == "the store of originals let one blob overwrite another"


def test_a_probe_leaves_no_blob(patient: Installation) -> None:
    before = sorted((patient.data / "blobs").rglob("*"))
    findings_of(patient)
    assert sorted((patient.data / "blobs").rglob("*")) == before


def test_a_full_and_a_nearly_full_disk(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    (full,) = machine.disk(tmp_path / "not" / "there" / "yet", "data", full=free * 2)
    assert (full.level, full.code) == (Level.BROKEN, "disk")
    assert next(iter(machine.disk(tmp_path, "data", full=0, tight=0))).level is Level.FINE


@pytest.mark.parametrize(("skew", "level"), [(0.5, "fine"), (-5.0, "warning"), (90.0, "broken")])
def test_a_clock_that_differs(skew: float, level: str) -> None:
    assert machine.clock_finding("clock.files", skew, "the other").level == level


def test_a_log_from_the_future_shows_a_clock_set_back(patient: Installation) -> None:
    database = Database(patient.database_url, clock=lambda: utc_now() + timedelta(hours=3))
    with database.unit() as unit:
        unit.ledger.record(actor="tester", action="clock.fast", subject="here")
    database.close()
    assert "in the future" in the(findings_of(patient), "clock.log").message


def test_unsigned_entries_show_that_no_sequencer_runs(patient: Installation) -> None:
    database = Database(patient.database_url, clock=lambda: utc_now() - timedelta(minutes=5))
    with database.unit() as unit:
        unit.ledger.record(actor="tester", action="nobody.signs", subject="here")
    database.close()
    found = the(findings_of(patient), "sequencer")
    assert found.message.startswith("1 entries of the log are unsigned, the oldest for 30")
    assert "privgate sequencer" in str(found.remedy)


def test_images_that_wait_for_a_worker_that_is_not_there(patient: Installation) -> None:
    patient.execute("UPDATE asset SET state = 'received'")
    found = the(findings_of(patient), "workers")
    assert found.level is Level.BROKEN
    assert found.message == "no worker is alive, and 2 images wait"


def test_a_job_that_does_not_end(patient: Installation) -> None:
    patient.execute("UPDATE asset SET state = 'processing', updated_at = '2026-01-01 00:00:00.000000'")
    assert "2 jobs have been at work" in the(findings_of(patient), "jobs.stuck").message


def test_a_checkpoint_file_that_is_gone_behind_or_ahead(patient: Installation) -> None:
    file = patient.data / "checkpoints.txt"
    whole = file.read_text("utf-8")
    file.unlink()
    assert "is not there" in the(findings_of(patient), "checkpoints").message
    notes = whole.split("\n\n")
    file.write_text("\n\n".join(notes[:2]) + "\n\n", "utf-8")
    assert the(findings_of(patient), "checkpoints").level is Level.WARNING
    file.write_text(whole, "utf-8")
    patient.execute("DELETE FROM log_checkpoint WHERE size = (SELECT max(size) FROM log_checkpoint)")
    assert "it was set back" in the(findings_of(patient), "checkpoints").message


def test_it_tells_no_secret_and_no_file_name(sound: Installation) -> None:
    told = json.dumps([finding.to_dict() for finding in findings_of(sound)])
    for file in (sound.data / "keys").iterdir():
        secrets = [file.read_text()] if file.name == "checkpoint.key" else []
        if file.suffix == ".json":
            secrets = [key["key"] for key in json.loads(file.read_text())["keys"]]
        for secret in secrets:
            assert secret.strip() not in told
    assert "plate-" not in told


def test_a_check_that_fails_unforeseen_is_told_by_its_type_alone() -> None:
    def failing() -> list[Finding]:
        raise RuntimeError("words from outside")

    (found,) = examine([("a.part", failing)])
    assert found.code == "a.part"
    assert "RuntimeError" in found.message
    assert "words" not in found.message
