"""tus over HTTP: gone on with after kill -9 of the server, and no plaintext on its disk."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.services.intake import ORIGINAL
from gateway.services.resumable import PIECE_BYTES
from gateway.store.database import Database
from gateway.store.queries import assets
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import WrappedKey
from gateway.web.api.resumable import HELD_BYTES
from tests.journeys.conftest import House
from tests.support.gateway import Installation, Person, create_dataset, settled
from tests.support.pictures import plate_png
from tests.support.processes import wait_until
from tests.support.uploads import BODY, TUS, create, head, patch

MARK = b"a patient's name, 1957-05-01, in the clear"


class Gone(Exception):
    """The sender notices that its server is no more."""


def original(installation: Installation, asset_id: str) -> bytes:
    database = Database(installation.database_url)
    with database.reading() as session:
        asset = assets.get(session, asset_id)
    database.close()
    keys = LocalKeyring.open(installation.data / "keys", KeyPurpose.ORIGINALS)
    context = EnvelopeContext(ORIGINAL, asset_id)
    data_key = keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
    blobs = BlobStore.local(installation.data / "blobs" / "originals")
    return open_sealed(blobs.get(asset.blob), data_key, context)


def test_the_protocol_as_a_tus_client_speaks_it(house: House) -> None:
    options = house.installation.client().options("/v1/uploads")
    assert options.status_code == 204
    assert options.headers["Tus-Version"] == "1.0.0"
    assert options.headers["Tus-Extension"] == "creation,termination,expiration"
    assert int(options.headers["Tus-Max-Size"]) == 100_000_000
    data = plate_png()
    where = create(house.uploader, house.dataset, len(data))
    found = head(house.uploader, where)
    assert (found.headers["Upload-Offset"], found.headers["Upload-Length"]) == ("0", str(len(data)))
    assert found.headers["Cache-Control"] == "no-store"
    assert "Upload-Expires" in found.headers
    assert house.uploader.http.head(where).status_code == 400
    later = house.uploader.http.head(where, headers={"Tus-Resumable": "2.0.0"})
    assert (later.status_code, later.headers["Tus-Version"]) == (412, "1.0.0")
    nobody = house.installation.client().head(where)
    assert (nobody.status_code, nobody.headers["Tus-Resumable"]) == (401, "1.0.0")
    wrong = house.uploader.http.patch(where, content=data, headers=TUS | {"Upload-Offset": "0"})
    assert wrong.status_code == 415
    assert wrong.headers["Tus-Resumable"] == "1.0.0"
    assert patch(house.uploader, where, 7, data).status_code == 409
    half = patch(house.uploader, where, 0, data[:1000])
    assert (half.status_code, half.headers["Upload-Offset"]) == (204, "1000")
    assert "Privgate-Asset" not in half.headers
    done = patch(house.uploader, where, 1000, data[1000:])
    assert done.status_code == 204, done.text
    asset = settled(house.uploader, done.headers["Privgate-Asset"])
    assert asset["state"] == "released"
    assert head(house.uploader, where).headers["Privgate-Asset"] == asset["id"]
    # Ended: the address is no more, the asset is.
    assert house.uploader.http.delete(where, headers=TUS).status_code == 204
    assert head(house.uploader, where).status_code == 404
    assert house.uploader.http.get(f"/v1/assets/{asset['id']}").status_code == 200
    too_large = house.uploader.http.post(
        "/v1/uploads", params={"dataset": house.dataset}, headers=TUS | {"Upload-Length": "100000001"}
    )
    assert too_large.status_code == 413


def test_a_body_that_is_not_even_read_is_refused_by_tus_too(house: House) -> None:
    where = urlsplit(house.installation.url)
    with closing(HTTPConnection(str(where.hostname), where.port, timeout=300)) as connection:
        connection.putrequest("POST", "/v1/uploads")
        connection.putheader("Content-Length", "200000000")
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Tus-Resumable")) == (413, "1.0.0")


@pytest.fixture(scope="module")
def ordeal(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Person, str]]:
    """An installation whose server may be killed; nothing is anonymized in it."""
    own = Installation(tmp_path_factory.mktemp("ordeal"), house.installation.models)
    try:
        own.privgate("keys", "create")
        own.serve()
        officer, uploader = own.enrol("officer"), own.enrol("uploader")
        yield own, uploader, create_dataset(officer, "crossing")
    finally:
        own.stop()


def test_killed_in_the_middle_it_goes_on_where_head_says(ordeal: tuple[Installation, Person, str]) -> None:
    installation, uploader, dataset = ordeal
    data = MARK + os.urandom(2 * PIECE_BYTES) + MARK
    where = create(uploader, dataset, len(data))
    upload = where.rpartition("/")[2]
    killed = threading.Event()

    def slowly() -> Iterator[bytes]:
        # The first piece is whole once all that the route may hold back has come too.
        yield data[: PIECE_BYTES + 2 * HELD_BYTES]
        killed.wait(300)
        raise Gone

    def sends() -> None:
        headers = BODY | {"Upload-Offset": "0", "Content-Length": str(len(data))}
        with pytest.raises((httpx.TransportError, Gone)):
            uploader.http.patch(where, content=slowly(), headers=headers)

    sender = threading.Thread(target=sends)
    sender.start()
    query = "SELECT received FROM upload WHERE id = :id"
    wait_until(lambda: installation.rows(query, id=upload)[0].received, "a piece")
    installation.processes[-1].kill()
    killed.set()
    sender.join()
    installation.serve()
    offset = int(head(uploader, where).headers["Upload-Offset"])
    assert offset == PIECE_BYTES
    traces = [
        path
        for place in installation.places()
        for path in place.rglob("*")
        if path.is_file() and MARK in path.read_bytes()
    ]
    assert traces == []
    done = patch(uploader, where, offset, data[offset:])
    assert done.status_code == 204, done.text
    assert original(installation, done.headers["Privgate-Asset"]) == data


@pytest.mark.parametrize("point", ["upload-1-piece", "upload-2-asset", "upload-3-cleared"])
def test_killed_at_the_end_it_is_one_asset_all_the_same(
    ordeal: tuple[Installation, Person, str], point: str
) -> None:
    installation, uploader, dataset = ordeal
    data = MARK + os.urandom(100_000)
    where = create(uploader, dataset, len(data))
    before = len(installation.entries("asset.received"))
    installation.processes[-1].stop()
    dying = installation.serve(launcher=(sys.executable, "-m", "tests.support.crashing", point))
    with pytest.raises(httpx.TransportError):
        patch(uploader, where, 0, data)
    assert dying.wait() == -9
    installation.serve()
    found = head(uploader, where)
    assert found.headers["Upload-Offset"] == str(len(data))
    assert original(installation, found.headers["Privgate-Asset"]) == data
    assert len(installation.entries("asset.received")) == before + 1
    assert installation.rows("SELECT * FROM upload_piece") == []
