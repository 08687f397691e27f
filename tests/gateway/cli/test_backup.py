"""`privgate backup|restore|migrate`: brought back elsewhere, everything opens; whatever is wrong is named."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.cli import backup as commands
from gateway.cli.migrate import migrate
from gateway.detection.models import ModelStore
from gateway.errors import GatewayError, KeyringError, Misconfigured
from gateway.services.backup.faults import BackupFault
from gateway.services.backup.key_file import restore_keys, write_keys
from gateway.store.database import Database
from tests.support.filled import fill
from tests.support.gateway import Installation
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Installation]:
    """An installation with images in it, its backup in three forms, and its keys' file."""
    installation = fill(Installation(tmp_path_factory.mktemp("source"), model_store.folder))
    installation.privgate("backup", "backup", "--with-keys", "keys.json")
    installation.privgate("backup", "backup.tar")
    yield installation
    installation.stop()


@pytest.fixture
def broken(source: Installation, tmp_path: Path) -> Path:
    """A copy of the backup, to be broken."""
    return Path(shutil.copytree(source.root / "backup", tmp_path / "broken"))


@pytest.fixture(autouse=True)
def _umask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def restored(backup: Path, source: Installation, target: Path, *, keys: Path | None = None) -> None:
    commands.restore(backup, keys=keys or source.root / "keys.json", data=target)


def refused(backup: Path, source: Installation, target: Path, *, keys: Path | None = None) -> str:
    """The words with which a restore refuses; nothing is left in place."""
    with pytest.raises(GatewayError) as caught:
        restored(backup, source, target, keys=keys)
    assert not target.exists()
    return str(caught.value)


def part(backup: Path, prefix: str) -> Path:
    """The largest of the backup's parts there: an image, not what could not be read as one."""
    return max((backup / prefix).iterdir(), key=lambda path: path.stat().st_size)


def rewrite_manifest(backup: Path) -> None:
    """As somebody would who alters a backup and wants it to look whole."""
    lines = []
    for line in (backup / "manifest.jsonl").read_text().splitlines():
        record = json.loads(line)
        if "part" in record:
            data = (backup / record["part"]).read_bytes()
            record |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        lines.append(json.dumps(record, separators=(",", ":")))
    (backup / "manifest.jsonl").write_text("\n".join(lines) + "\n")


def change(backup: Path, statement: str) -> None:
    with closing(sqlite3.connect(backup / "database" / "privgate.db")) as connection:
        connection.execute(statement)
        connection.commit()
    rewrite_manifest(backup)


@pytest.mark.parametrize("form", ["backup", "backup.tar"])
def test_brought_back_elsewhere_everything_opens_and_the_log_verifies(
    source: Installation, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "restored"
    restored(source.root / form, source, target)
    told = capsys.readouterr().out
    assert "the log verifies" in told
    assert (
        "opened and authenticated: 2 copies, 3 names, 3 originals, 2 pieces of unfinished uploads, "
        "1 secrets of webhooks; 0 erased" in told
    )
    assert {path.name for path in target.iterdir()} >= {"privgate.db", "jobs.db", "checkpoints.txt", "keys"}
    for store in ("originals", "copies"):
        names = [
            {p.name: p.read_bytes() for p in (d / "blobs" / store).iterdir()} for d in (source.data, target)
        ]
        assert names[0] == names[1]
    entries = [json.loads(row[0]) for row in rows(target, "SELECT entry FROM log_entry ORDER BY id")]
    assert [entry["action"] for entry in entries[-2:]] == ["backup.begun", "installation.restored"]


def test_a_restore_that_was_killed_does_not_stand_in_the_way_of_the_next(
    source: Installation, tmp_path: Path
) -> None:
    target = tmp_path / "restored"
    target.mkdir()
    (target / "privgate.db.restoring").write_bytes(b"cut short")
    restored(source.root / "backup", source, target)
    assert (target / "privgate.db").is_file()


def test_a_backup_holds_no_key_and_is_its_owners_alone(source: Installation) -> None:
    backup = source.root / "backup"
    secrets = [(source.data / "keys" / "checkpoint.key").read_bytes().strip()]
    for name in ("originals", "copies", "fingerprints"):
        document = json.loads((source.data / "keys" / f"{name}.json").read_text())
        secrets += [key["key"].encode() for key in document["keys"]]
    for path in [*backup.rglob("*"), source.root / "backup.tar", source.root / "keys.json"]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
        if path.is_file() and path.name != "keys.json":
            assert not any(secret in path.read_bytes() for secret in secrets), path


def test_the_manifest_names_every_part_by_the_hash_of_its_sealed_bytes(source: Installation) -> None:
    backup = source.root / "backup"
    records = [json.loads(line) for line in (backup / "manifest.jsonl").read_text().splitlines()]
    parts = {record["part"]: record for record in records if "part" in record}
    there = {str(p.relative_to(backup)) for p in backup.rglob("*") if p.is_file()} - {"manifest.jsonl"}
    assert set(parts) == there
    for name, record in parts.items():
        assert hashlib.sha256((backup / name).read_bytes()).hexdigest() == record["sha256"]


def test_a_flipped_bit_in_a_blob(source: Installation, broken: Path, tmp_path: Path) -> None:
    blob = part(broken, "blobs/originals")
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1  # of the only chunk, however short the image is: its middle may be the header
    blob.write_bytes(data)
    said = refused(broken, source, tmp_path / "to")
    assert f"blobs/originals/{blob.name} is altered" in said
    rewrite_manifest(broken)
    said = refused(broken, source, tmp_path / "to")
    assert "asset-" in said
    assert "does not open: chunk 0 does not authenticate" in said


def test_two_blobs_exchanged(source: Installation, broken: Path, tmp_path: Path) -> None:
    first, second = sorted((broken / "blobs/copies").iterdir())
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(data)
    rewrite_manifest(broken)
    said = refused(broken, source, tmp_path / "to")
    assert said.count("does not open: sealed under another key or for another object") == 2


def test_a_missing_blob(source: Installation, broken: Path, tmp_path: Path) -> None:
    blob = part(broken, "blobs/copies")
    blob.unlink()
    said = refused(broken, source, tmp_path / "to")
    assert f"the backup's blobs/copies/{blob.name} is missing" in said


def test_a_truncated_database(source: Installation, broken: Path, tmp_path: Path) -> None:
    file = broken / "database" / "privgate.db"
    os.truncate(file, file.stat().st_size // 2)
    assert "database/privgate.db is cut short" in refused(broken, source, tmp_path / "to")
    rewrite_manifest(broken)
    assert "database/privgate.db is damaged" in refused(broken, source, tmp_path / "to")


def test_an_altered_log(source: Installation, broken: Path, tmp_path: Path) -> None:
    change(broken, "UPDATE log_entry SET entry = replace(entry, 'copy.delivered', 'copy.deliverex')")
    said = refused(broken, source, tmp_path / "to")
    assert "the backup's log does not verify" in said
    assert "entry.leaf: entry" in said


def test_a_log_cut_short_with_its_checkpoints(source: Installation, broken: Path, tmp_path: Path) -> None:
    change(broken, "DELETE FROM log_checkpoint WHERE size > 4")
    change(broken, "DELETE FROM log_entry WHERE leaf_index >= 4 OR leaf_index IS NULL")
    assert "log.rolled_back" in refused(broken, source, tmp_path / "to")


def test_a_row_taken_from_another_asset(source: Installation, broken: Path, tmp_path: Path) -> None:
    change(broken, "UPDATE asset SET wrapped_key = (SELECT max(wrapped_key) FROM asset)")
    assert "does not open: a data key wrapped under" in refused(broken, source, tmp_path / "to")


def test_wrong_keys(source: Installation, tmp_path: Path, model_store: ModelStore) -> None:
    other = Installation(tmp_path / "other", model_store.folder)
    other.privgate("keys", "create")
    write_keys(other.data / "keys", tmp_path / "others.json")
    said = refused(source.root / "backup", source, tmp_path / "to", keys=tmp_path / "others.json")
    assert said.startswith("wrong keys: the backup is of the log privgate-")
    mixed = tmp_path / "mixed"
    restore_keys(source.root / "keys.json", mixed)
    shutil.copy(other.data / "keys" / "copies.json", mixed / "copies.json")
    write_keys(mixed, tmp_path / "mixed.json")
    said = refused(source.root / "backup", source, tmp_path / "to", keys=tmp_path / "mixed.json")
    assert said.count("wrong keys: the keyring has not the copies' key for it") == 2
    assert "originals" not in said


def test_a_fingerprints_key_that_would_know_no_duplicate_again(
    source: Installation, tmp_path: Path, model_store: ModelStore
) -> None:
    other = Installation(tmp_path / "other", model_store.folder)
    other.privgate("keys", "create")
    mixed = tmp_path / "mixed"
    restore_keys(source.root / "keys.json", mixed)
    shutil.copy(other.data / "keys" / "fingerprints.json", mixed / "fingerprints.json")
    write_keys(mixed, tmp_path / "mixed.json")
    said = refused(source.root / "backup", source, tmp_path / "to", keys=tmp_path / "mixed.json")
    assert said.count("wrong keys: the keyring's fingerprints.json is another installation's") == 3
    (mixed / "fingerprints.json").unlink()
    write_keys(mixed, tmp_path / "without.json")
    said = refused(source.root / "backup", source, tmp_path / "to", keys=tmp_path / "without.json")
    assert said.count("wrong keys: the keyring has no fingerprints.json") == 3


def test_a_backup_older_than_fingerprints_gets_its_own_key(
    source: Installation, broken: Path, tmp_path: Path
) -> None:
    change(broken, "UPDATE asset SET fingerprint = NULL")
    mixed = tmp_path / "mixed"
    restore_keys(source.root / "keys.json", mixed)
    (mixed / "fingerprints.json").unlink()
    write_keys(mixed, tmp_path / "old.json")
    restored(broken, source, tmp_path / "to", keys=tmp_path / "old.json")
    assert (tmp_path / "to" / "keys" / "fingerprints.json").exists()


def test_a_gateways_own_keyring_which_has_no_private_half_of_the_provers(
    source: Installation, tmp_path: Path
) -> None:
    keys = tmp_path / "to" / "keys"
    shutil.copytree(source.data / "keys", keys)
    (keys / "prover.key").unlink()
    commands.restore(source.root / "backup", keys=None, data=tmp_path / "to")
    assert (keys / "prover.pub").read_bytes() == (source.data / "keys" / "prover.pub").read_bytes()
    assert not (keys / "prover.key").exists()


def test_an_upload_that_went_on_meanwhile_is_ended_and_told(
    source: Installation, broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if its second piece had been cleared, being an asset by then, between database and blobs."""
    query = "SELECT upload_id, blob FROM upload_piece ORDER BY start"
    [(upload, first), (_, second)] = source.rows(query)
    name = f"blobs/originals/{second}"
    lines = (broken / "manifest.jsonl").read_text().splitlines()
    gone = [line if name not in line else json.dumps({"gone": name}) for line in lines[:-1]]
    parts = sum('"part"' in line for line in gone)
    (broken / name).unlink()
    (broken / "manifest.jsonl").write_text(
        "\n".join([*gone, json.dumps({"end": True, "parts": parts})]) + "\n"
    )
    restored(broken, source, tmp_path / "to")
    assert f"to be sent anew: {upload}" in capsys.readouterr().out
    assert rows(tmp_path / "to", "SELECT id FROM upload") == []
    assert not (tmp_path / "to" / "blobs" / "originals" / first).exists()


def test_a_manifest_that_is_cut_or_lies(source: Installation, broken: Path, tmp_path: Path) -> None:
    manifest = broken / "manifest.jsonl"
    whole = manifest.read_text().splitlines(True)
    manifest.write_text("".join(whole[:-1]))
    assert "is cut short" in refused(broken, source, tmp_path / "to")
    manifest.write_text("".join(whole).replace("blobs/copies/", "blobs/../../", 1))
    assert "is damaged" in refused(broken, source, tmp_path / "to")
    manifest.write_text("".join(whole).replace('"v":1', '"v":2', 1))
    assert "use a later release" in refused(broken, source, tmp_path / "to")
    manifest.write_text("".join(whole))
    (broken / "blobs" / "surplus").write_text("?")
    assert "1 files that its manifest does not name" in refused(broken, source, tmp_path / "to")


def test_a_truncated_tar_file(source: Installation, tmp_path: Path) -> None:
    short = tmp_path / "short.tar"
    data = (source.root / "backup.tar").read_bytes()
    short.write_bytes(data[: len(data) // 2])
    assert "manifest" in refused(short, source, tmp_path / "to") or "damaged" in refused(
        short, source, tmp_path / "to"
    )


def test_a_tar_file_with_a_link_in_it(source: Installation, tmp_path: Path) -> None:
    linked = tmp_path / "linked.tar"
    with tarfile.open(source.root / "backup.tar") as whole, tarfile.open(linked, "w") as out:
        for member in whole:
            if member.name.startswith("blobs/copies/"):
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/hostname", 0
            out.addfile(member, whole.extractfile(member) if member.isreg() else None)
    assert "is missing or cannot be read" in refused(linked, source, tmp_path / "to")


def test_a_schema_of_a_later_release_is_refused(source: Installation, broken: Path, tmp_path: Path) -> None:
    manifest = broken / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"schema":"', '"schema":"9', 1))
    assert "made by the later release" in refused(broken, source, tmp_path / "to")


def test_only_an_empty_installation_takes_a_backup(source: Installation, tmp_path: Path) -> None:
    target = tmp_path / "to"
    restored(source.root / "backup", source, target)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    with pytest.raises(KeyringError, match="never overwritten"):
        restored(source.root / "backup", source, target)
    with pytest.raises(BackupFault, match="the database is there already"):
        commands.restore(source.root / "backup", keys=None, data=target)
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


def test_the_command_ends_with_2_and_names_it(source: Installation, broken: Path) -> None:
    part(broken, "blobs/copies").unlink()
    said = source.privgate(
        "restore", str(broken), "--keys", "keys.json", "--data", str(broken.parent / "to"), expect=2
    )
    assert "is missing" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_keys_file_that_others_can_read_is_refused(source: Installation, tmp_path: Path) -> None:
    open_to_all = tmp_path / "keys.json"
    shutil.copy(source.root / "keys.json", open_to_all)
    open_to_all.chmod(0o644)
    said = refused(source.root / "backup", source, tmp_path / "to", keys=open_to_all)
    assert f"chmod 600 {open_to_all}" in said


def test_no_backup_is_made_where_a_blob_is_missing_and_the_asset_is_named(
    source: Installation, tmp_path: Path
) -> None:
    data = shutil.copytree(source.data, tmp_path / "data")
    part(data, "blobs/copies").unlink()
    with pytest.raises(BackupFault, match=r"copy-[0-9a-f]+: its blob is missing from the store of copies"):
        commands.backup(tmp_path / "out", with_keys=None, data=data)
    assert not list(tmp_path.glob("*out*"))
    with pytest.raises(BackupFault, match="is there already"):
        commands.backup(tmp_path / "data", with_keys=None, data=data)


def test_migrate_says_the_versions_and_refuses_a_later_release(
    source: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shutil.copytree(source.data, tmp_path / "data")
    migrate(data=data)
    assert "as it was" in capsys.readouterr().out
    with closing(sqlite3.connect(data / "privgate.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for act in (migrate, lambda data: commands.backup(tmp_path / "out", with_keys=None, data=data)):
        with pytest.raises(Misconfigured, match="version 9999, which this release does not know"):
            act(data=data)


def test_postgresql_by_pg_dump_and_back(
    postgres: PostgresServer, tmp_path: Path, model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = postgres.create("first"), postgres.create("second")
    installation = Installation(tmp_path / "first", model_store.folder, {"PRIVGATE_DATABASE": first})
    fill(installation, images=1)
    try:
        monkeypatch.setenv("PRIVGATE_DATABASE", first)
        commands.backup(tmp_path / "backup", with_keys=tmp_path / "keys.json", data=installation.data)
        monkeypatch.setenv("PRIVGATE_DATABASE", second)
        flipped = Path(shutil.copytree(tmp_path / "backup", tmp_path / "flipped"))
        os.truncate(part(flipped, "blobs/originals"), 100)
        assert "is cut short" in refused(flipped, installation, tmp_path / "to", keys=tmp_path / "keys.json")
        commands.restore(tmp_path / "backup", keys=tmp_path / "keys.json", data=tmp_path / "to")
        database = Database(second)
        with database.engine.connect() as connection:
            states = connection.exec_driver_sql("SELECT state FROM asset ORDER BY state").scalars().all()
        database.close()
        assert states == ["quarantined", "released"]
        with pytest.raises(BackupFault, match="the database is there already"):
            commands.restore(tmp_path / "backup", keys=None, data=tmp_path / "to")
    finally:
        installation.stop()


def rows(data: Path, query: str) -> list[tuple[str]]:
    with closing(sqlite3.connect(data / "privgate.db")) as connection:
        return connection.execute(query).fetchall()
