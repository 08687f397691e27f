"""The sender and its journal: patient, under one key, and never over a wire that anybody reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.ingesting.command import read_token
from gateway.cli.ingesting.journal import Line, Standing, open_journal
from gateway.cli.ingesting.sender import (
    MAX_UPLOAD_BYTES,
    Refused,
    RunStopped,
    Sender,
    check_url,
)
from gateway.cli.ingesting.sources import Item
from gateway.cli.ingesting.watch import Settling
from gateway.client import Received
from gateway.errors import KeyReused, Misconfigured
from gateway.web import app
from tests.support.receiver import Answer, Got, receiver

ASSET = {"id": "asset-1", "dataset": "d", "state": "received", "reason": None, "bytes": 2_000_000}
TAKEN = json.dumps(ASSET | {"copy_id": None, "hidden": None, "duplicate": False}).encode()
PROBLEM = {"type": "urn:privgate:problem:input-refused", "code": "input.empty", "advice": "send more"}
REUSED = {"type": "urn:privgate:problem:idempotency-key-reused"}


def send(
    url: str, data: bytes = b"x" * 2_000_000, *, size: int | None = None, patience: float = 60
) -> Received:
    sender = Sender(url, "token", patience=patience)

    def pieces() -> Iterator[bytes]:
        yield data[: len(data) // 2]
        yield data[len(data) // 2 :]

    try:
        return sender.upload(
            pieces,
            size=len(data) if size is None else size,
            name="tag 1/ä.png",
            key="k1",
            dataset="d",
            batch="b",
        )
    finally:
        sender.close()


def test_a_gateway_that_is_broken_then_well_gets_the_same_request_again() -> None:
    def answer(number: int, _: Got) -> Answer:
        return [Answer(0), Answer(503), Answer(500), Answer(429), Answer(409), Answer(202, TAKEN)][number]

    with receiver(answer) as there:
        assert send(there.url) == Received("asset-1", "received", False)
    assert len(there.got) == 6
    assert {(got.headers["idempotency-key"], len(got.body), got.path) for got in there.got} == {
        ("k1", 2_000_000, "/v1/assets?dataset=d&batch=b")
    }
    disposition = there.got[0].headers["content-disposition"]
    assert disposition == "attachment; filename*=UTF-8''tag%201%2F%C3%A4.png"


def test_a_gateway_that_stays_away_ends_the_run_with_a_remedy() -> None:
    with receiver(lambda *_: Answer(503)) as there, pytest.raises(RunStopped, match="same command again"):
        send(there.url, patience=0.2)


def test_refusals_are_not_repeated() -> None:
    for status, body in ((422, PROBLEM), (413, PROBLEM), (415, PROBLEM)):
        said = Answer(status, json.dumps(body).encode())
        with receiver(lambda *_, said=said: said) as there, pytest.raises(Refused) as refused:
            send(there.url)
        assert (refused.value.code, len(there.got)) == ("input.empty", 1)
    with receiver(lambda *_: Answer(422, json.dumps(REUSED).encode())) as there, pytest.raises(KeyReused):
        send(there.url)


def test_a_redirect_is_not_followed_with_the_image_and_the_token() -> None:
    with receiver() as elsewhere:
        moved = Answer(307, headers={"Location": elsewhere.url + "/v1/assets"})
        with receiver(lambda *_: moved) as there, pytest.raises(RunStopped):
            send(there.url)
        assert elsewhere.got == []


@pytest.mark.parametrize("size", [1_999_999, 2_000_001, 5_000_000])
def test_a_file_that_changes_while_it_is_read_is_refused(size: int) -> None:
    with receiver(lambda *_: Answer(202, TAKEN)) as there, pytest.raises(Refused) as refused:
        send(there.url, size=size)
    assert refused.value.code == "file.changed"


def test_no_image_travels_in_the_clear_to_another_machine() -> None:
    for url in ("http://10.0.0.9", "http://gateway.example.org:8080", "ftp://127.0.0.1", "gateway"):
        with pytest.raises(Misconfigured):
            check_url(url)
    assert check_url("http://127.0.0.1:8080")
    assert check_url("http://[::1]:8080")
    assert not check_url("https://gateway.example.org")


def test_the_size_that_is_not_sent_at_all_is_the_gateways() -> None:
    assert MAX_UPLOAD_BYTES == app.MAX_UPLOAD_BYTES


def test_a_journal_keeps_each_files_last_line_and_drops_a_torn_one(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    odd = "tag 1/\udcff\n.png"
    with open_journal(file, "dataset-1") as journal:
        line = Line.fresh(odd, "1:2")
        journal.write(line)
        journal.write(line.becomes(Standing.TAKEN, asset="asset-1"))
        journal.add_batch("batch-1")
        with pytest.raises(Misconfigured, match="another run"), open_journal(file, "dataset-1"):
            pass
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"path": "b.p')
    with open_journal(file, "dataset-1") as journal:
        assert journal.lines == {odd: line.becomes(Standing.TAKEN, asset="asset-1")}
        assert journal.batches == ["batch-1"]
    assert file.read_bytes() == whole


def test_a_journal_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    with open_journal(file, "dataset-1"):
        pass
    with pytest.raises(Misconfigured, match="another dataset"), open_journal(file, "dataset-2"):
        pass
    for content in (b"holiday photos\n", b"[]\n", b'{"privgate": "ingest", "v": 9}\n'):
        file.write_bytes(content)
        with pytest.raises(Misconfigured, match="--journal"), open_journal(file, "dataset-1"):
            pass
        assert file.read_bytes() == content


def test_a_file_settles_when_it_has_stood_still_for_long_enough() -> None:
    settling = Settling(5.0)
    grown, still = Item("a", "2:2", 2), Item("b", "1:1", 1)
    assert settling.settled(iter([Item("a", "1:1", 1), still]), now=0.0) == []
    assert settling.settled(iter([grown, still]), now=4.9) == []
    assert settling.settled(iter([grown, still]), now=5.0) == [still]
    assert settling.settled(iter([grown]), now=9.8) == []
    assert settling.settled(iter([grown, still]), now=9.9) == [grown]


@pytest.mark.parametrize(
    "text", ["privgate_abc\n", "person person-1\ntoken-id token-1\ntoken privgate_abc\n"]
)
def test_a_token_file_is_the_token_or_what_made_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    assert read_token(file) == "privgate_abc"


@pytest.mark.parametrize("text", ["", "two words", "a\nb\n", "token a\ntoken b\n"])
def test_a_file_without_a_token_says_how_to_make_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "to ken"
    file.write_text(text)
    with pytest.raises(Misconfigured, match=r"privgate tokens create uploader > '.*to ken'"):
        read_token(file)
