"""What the local folder promises beyond the contract: durability, privacy, and no half blob after a crash."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, VaultUnavailable
from gateway.vault import blob_writers
from gateway.vault.blobs import BlobStore

WRITER = """
import sys
from pathlib import Path
from gateway.vault.blobs import BlobStore
writer = BlobStore.local(Path(sys.argv[1])).writer("a")
writer.write(bytes(3_000_000))
print("written", flush=True)
sys.stdin.read()
"""


def test_a_killed_writer_leaves_no_blob_and_a_partial_that_can_be_cleared(tmp_path: Path) -> None:
    blobs = BlobStore.local(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not blobs.exists("a")
    assert list(blobs.names()) == []
    assert blobs.clear_partials(before=datetime.now(UTC) - timedelta(hours=1)) == 0  # it may be alive
    assert blobs.clear_partials(before=datetime.now(UTC) + timedelta(seconds=5)) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_bytes_are_synced_before_the_name_exists_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, synced = BlobStore.local(tmp_path), []
    real = os.fsync

    def recording(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size
        synced.append((kind, (tmp_path / "a").exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    blobs.put("a", [b"x" * 10, b"y" * 5])
    assert synced == [(15, False), ("folder", True)]
    synced.clear()
    blobs.delete("a")
    assert synced == [("folder", False)]


def test_a_blob_and_a_new_folder_are_private_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "blobs"
    before = os.umask(0)
    try:
        blobs = BlobStore.local(folder)
        blobs.put("a", b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "a")] == [0o700, 0o600]


def test_a_committed_blob_is_the_only_file_left(tmp_path: Path) -> None:
    BlobStore.local(tmp_path).put("a", [b"one", b"two"])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").stat().st_nlink == 1


def test_foreign_files_are_no_blobs(tmp_path: Path) -> None:
    blobs = BlobStore.local(tmp_path)
    (tmp_path / ".hidden").touch()
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "x").touch()
    assert list(blobs.names()) == []


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_or_broken_disk_is_an_outage_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "secret-path"))

    blobs = BlobStore.local(tmp_path)
    if step == "fsync":
        monkeypatch.setattr(os, "fsync", broken)
    else:
        monkeypatch.setattr(Path, "hardlink_to", broken)
    with pytest.raises(VaultUnavailable, match="blob a: the store failed: No space left on device") as caught:
        blobs.put("a", b"x")
    assert "secret-path" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_disk_is_an_outage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """/dev/full answers every write as a full disk does, also at the flush that closing tries."""
    monkeypatch.setattr(blob_writers, "open_private", lambda path: os.open("/dev/full", os.O_WRONLY))
    with pytest.raises(VaultUnavailable, match="No space left on device"):
        BlobStore.local(tmp_path).put("a", [bytes(10)])
    with pytest.raises(VaultUnavailable, match="No space left on device"):
        BlobStore.local(tmp_path).put("a", [bytes(1_000_000)])


def test_a_folder_that_vanished_is_an_outage(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    blobs = BlobStore.local(folder)
    folder.rmdir()
    with pytest.raises(VaultUnavailable, match="blob a"):
        blobs.put("a", b"x")


@pytest.mark.parametrize(
    "url", ["http://host/x", "ftp://host/x", "just-a-name", "", "az://account/container"]
)
def test_a_url_that_names_no_store_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    with pytest.raises(Misconfigured, match="blob store"):
        BlobStore.from_url(url)


def test_an_s3_url_is_taken_with_its_options_and_needs_no_network_to_open() -> None:
    BlobStore.from_url(
        "s3://bucket/prefix", region="eu-central-1", access_key_id="id", secret_access_key="key"
    )


def test_a_place_that_cannot_be_a_folder_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot be made"):
        BlobStore.local(tmp_path / "file" / "blobs")
