"""What every BlobStore promises, whatever lies beneath: blobs are whole, written once, never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import BlobMissing, Conflict
from gateway.vault.blobs import BlobStore, new_blob_name

Make = Callable[[Path], BlobStore]
MAKERS: dict[str, Make] = {
    "local": BlobStore.local,
    "memory": lambda _: BlobStore.memory(),
    "file-url": lambda folder: BlobStore.from_url(f"file://{folder}"),
    "memory-url": lambda _: BlobStore.from_url("memory:///"),
}


@pytest.fixture(params=MAKERS, ids=str)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return MAKERS[request.param](tmp_path / "blobs")


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 9000], ids=["empty", "byte", "2 MiB"])
def test_what_was_put_is_got(blobs: BlobStore, data: bytes) -> None:
    name = new_blob_name()
    blobs.put(name, data)
    assert blobs.get(name) == data
    assert blobs.exists(name)


def test_an_iterable_is_put_as_its_parts_joined(blobs: BlobStore) -> None:
    blobs.put("a", iter([b"one", b"", b"two"]))
    assert blobs.get("a") == b"onetwo"


def test_a_blob_is_never_overwritten(blobs: BlobStore) -> None:
    blobs.put("a", b"first")
    with pytest.raises(Conflict, match="never overwritten"):
        blobs.put("a", b"second")
    assert blobs.get("a") == b"first"


def test_of_many_writers_of_one_name_one_wins(blobs: BlobStore) -> None:
    def attempt(n: int) -> int | None:
        try:
            blobs.put("a", b"%d" % n)
        except Conflict:
            return None
        return n

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(attempt, range(24)) if n is not None]
    assert len(winners) == 1
    assert blobs.get("a") == b"%d" % winners[0]


def test_a_blob_that_is_not_there_is_missing(blobs: BlobStore) -> None:
    assert not blobs.exists("a")
    with pytest.raises(BlobMissing):
        blobs.get("a")


def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(blobs: BlobStore) -> None:
    blobs.put("a", b"x")
    blobs.delete("a")
    blobs.delete("a")
    assert not blobs.exists("a")
    assert list(blobs.names()) == []


def test_names_lists_every_blob_once(blobs: BlobStore) -> None:
    names = {new_blob_name() for _ in range(20)}
    for name in names:
        blobs.put(name, b"x")
    assert sorted(blobs.names()) == sorted(names)


def test_nothing_is_readable_before_commit(blobs: BlobStore) -> None:
    with blobs.writer("a") as writer:
        writer.write(b"half")
        assert not blobs.exists("a")
        assert list(blobs.names()) == []
        writer.write(b" and half")
        writer.commit()
    assert blobs.get("a") == b"half and half"


def test_leaving_without_commit_leaves_nothing(blobs: BlobStore) -> None:
    with blobs.writer("a") as writer:
        writer.write(b"half")
    assert not blobs.exists("a")
    assert list(blobs.names()) == []


def test_a_source_that_breaks_off_leaves_nothing(blobs: BlobStore) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        blobs.put("a", breaks_off())
    assert not blobs.exists("a")


def test_a_name_that_was_aborted_can_be_written(blobs: BlobStore) -> None:
    with blobs.writer("a") as writer:
        writer.write(b"half")
    blobs.put("a", b"whole")
    assert blobs.get("a") == b"whole"


def test_a_writer_that_loses_the_race_leaves_the_winner_alone(blobs: BlobStore) -> None:
    with blobs.writer("a") as writer:
        writer.write(b"late")
        blobs.put("a", b"early")
        with pytest.raises(Conflict):
            writer.commit()
    assert blobs.get("a") == b"early"


@pytest.mark.parametrize("finish", ["commit", "abort"])
def test_a_writer_is_used_once(blobs: BlobStore, finish: str) -> None:
    with blobs.writer("a") as writer:
        getattr(writer, finish)()
        for use in (writer.commit, lambda: writer.write(b"more")):
            with pytest.raises(ValueError, match="committed or aborted"):
                use()


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "/etc/passwd",
        ".a.part",
        "a%2fb",
        "a b",
        "a\0",
        "ä",
        "a\n",
        "a" * 129,
        "-a",
    ],
)
def test_a_name_that_is_more_than_a_name_is_refused(blobs: BlobStore, name: str) -> None:
    for use in (blobs.get, blobs.exists, blobs.delete, blobs.writer, lambda name: blobs.put(name, b"")):
        with pytest.raises(ValueError, match="blob name"):
            use(name)


def test_random_names_are_valid_and_differ() -> None:
    names = {new_blob_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)
