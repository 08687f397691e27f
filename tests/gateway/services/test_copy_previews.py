"""What became of an image: shown to whoever brought it in, once it is released, and on the log first."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from gateway.errors import AccessDenied, BlobMissing, LedgerUnavailable, NotFound
from gateway.imaging import page_tiff
from gateway.services.copy_previews import CopyPreviews
from gateway.services.stills import cut
from gateway.store.database import Database
from gateway.store.queries import people
from gateway.vault.copies import CopyReader
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.imaging.samples import noise
from tests.gateway.services.means import COPY_BYTES, House
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, entries

SENDER = Principal(OFFICER, Role.UPLOADER)
ASSET = "asset-of-copy-1"


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


@pytest.fixture
def previews(house: House) -> CopyPreviews:
    keys = LocalKeyring.open(house.folder / "keys", KeyPurpose.COPIES)
    return CopyPreviews(house.database, CopyReader(house.copy_blobs, keys), house.clock, cut=cut)


def test_a_released_copy_is_shown_and_the_view_is_entered(house: House, previews: CopyPreviews) -> None:
    house.copy("copy-1")
    assert previews.show(SENDER, ASSET).data == COPY_BYTES
    (entry,) = entries(house.database)
    assert (entry.actor, entry.action, entry.subject) == (OFFICER, "copy.previewed", "copy-1")
    assert entry.details == {"asset": ASSET, "dataset": DATASET}


def test_of_pages_the_first_is_shown_as_a_picture_that_browsers_draw(
    house: House, previews: CopyPreviews
) -> None:
    first, second = noise(4, 3, 1), noise(4, 3, 2)
    house.copy("copy-1", data=page_tiff.write((first, second)), frames=2, media_type="image/tiff")
    seen = previews.show(SENDER, ASSET)
    assert seen.media_type == "image/png"
    with Image.open(io.BytesIO(seen.data)) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), first)
    assert entries(house.database)[-1].details["frame"] == 0


@pytest.mark.parametrize("state", sorted(set(AssetState) - {AssetState.RELEASED}))
def test_what_is_not_released_is_not_shown(house: House, previews: CopyPreviews, state: AssetState) -> None:
    house.copy("copy-1", state)
    with pytest.raises(NotFound):
        previews.show(SENDER, ASSET)
    assert entries(house.database) == []


def test_a_withdrawn_copy_is_not_shown(house: House, previews: CopyPreviews) -> None:
    house.copy("copy-1")
    with house.database.unit() as unit:
        unit.session.connection().execute(text("UPDATE copy SET withdrawn_at = created_at"))
    with pytest.raises(NotFound):
        previews.show(SENDER, ASSET)


def test_a_suspended_sender_is_shown_nothing(house: House, previews: CopyPreviews) -> None:
    house.copy("copy-1")
    with house.database.unit() as unit:
        people.set_suspended(unit.session, OFFICER, NOW)
    with pytest.raises(AccessDenied, match="suspended"):
        previews.show(SENDER, ASSET)


@pytest.mark.parametrize("role", Role)
def test_nobody_else_is_shown_it_and_the_asking_is_entered(
    house: House, previews: CopyPreviews, role: Role
) -> None:
    house.copy("copy-1")
    with pytest.raises(AccessDenied):
        previews.show(Principal(ANNOTATOR, role), ASSET)
    (entry,) = entries(house.database)
    assert (entry.action, entry.details["asked"]) == ("access.denied", "copy.preview")


def test_nothing_is_shown_that_cannot_be_entered(house: House, previews: CopyPreviews) -> None:
    house.copy("copy-1")
    with house.database.unit() as unit:
        unit.session.connection().execute(text("ALTER TABLE log_entry RENAME TO log_entry_gone"))
    with pytest.raises(LedgerUnavailable):
        previews.show(SENDER, ASSET)


def test_a_view_that_does_not_come_about_is_entered_as_such(house: House, previews: CopyPreviews) -> None:
    house.copy("copy-1")
    for name in house.copy_blobs.names():
        house.copy_blobs.delete(name)
    with pytest.raises(BlobMissing):
        previews.show(SENDER, ASSET)
    assert [(e.action, e.details.get("reason")) for e in entries(house.database)] == [
        ("copy.previewed", None),
        ("copy.preview_failed", "unreadable"),
    ]
