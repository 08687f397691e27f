"""An annotator at the console with real copies to label: sealed, released, under a grant."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import httpx
from PIL import Image

from gateway import installation
from gateway.imaging.image import EncodedImage, ImageFormat
from gateway.labels.model import Category
from gateway.services.ids import new_id
from gateway.services.new_copies import NewCopies
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import assets, copies
from gateway.web.services import Services
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.model import Size
from tests.gateway.store.rows import asset_record
from tests.gateway.web.console.conftest import House
from tests.support.console import Browser

SIZE: Final = Size(40, 30)
CLASSES: Final = (Category(1, "car", "vehicle"), Category(2, "face", None, ("left eye", "right eye")))
BOX: Final[dict[str, Any]] = {"id": 1, "category_id": 1, "bbox": [4, 5, 10, 12]}

_numbers = itertools.count(1)


def picture() -> bytes:
    """A PNG of SIZE, each different."""
    buffer = io.BytesIO()
    Image.new("RGB", (SIZE.width, SIZE.height), (next(_numbers) % 256, 80, 120)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Site:
    """officer, annotator: their ids. pictures: by copy id, what is sealed. grant: the annotator's."""

    house: House
    dataset: str
    officer: str
    annotator: str
    browser: Browser
    grant: str
    pictures: dict[str, bytes]
    sealed: NewCopies

    @property
    def services(self) -> Services:
        services: Services = self.house.app.state.services
        return services

    @property
    def governor(self) -> Principal:
        return Principal(self.officer, Role.OFFICER)

    def claim(self) -> str:
        """The next image, by the button. Gives the task's id."""
        answer = self.browser.act("/tasks/next", {"dataset": self.dataset})
        assert answer.status_code == 303, answer.text
        location = answer.headers["location"]
        assert location.startswith("/tasks/task-"), location
        return str(location.removeprefix("/tasks/"))

    def script(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """As a module of the page asks: with the token in a header, for JSON."""
        sent = {
            "Accept": "application/json",
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Dest": "empty",
            "X-Privgate-Token": self.browser.token(),
            **headers,
        }
        content = None if body is None else json.dumps(body).encode()
        return self.browser.send(method, path, headers=sent, content=content)

    def add(self, encoded: EncodedImage, *, frames: int) -> str:
        """Releases one more image, of several frames; the copy's id."""
        report = {"frames": frames}
        copy, _ = release(self.house.database, self.sealed, self.dataset, self.officer, encoded, report)
        return copy

    def revoke(self) -> None:
        self.services.grants.revoke(self.governor, self.grant)


def make_site(house: House, *, images: int = 2, label_set: tuple[Category, ...] = CLASSES) -> Site:
    officer, _ = house.account(Role.OFFICER)
    annotator, browser = house.signed_in(Role.ANNOTATOR)
    services: Services = house.app.state.services
    governor = Principal(officer, Role.OFFICER)
    name = f"street {next(_numbers)}"
    dataset = services.datasets.create(governor, name=name, policy="street", label_set=label_set).id
    until = utc_now() + timedelta(hours=8)
    grant = services.grants.create(
        governor, person_id=annotator, dataset_id=dataset, purpose="label-cars", until=until
    )
    sealed = NewCopies(installation.copy_blobs(house.settings), installation.copy_keys(house.settings))
    pictures = dict(release(house.database, sealed, dataset, officer, still()) for _ in range(images))
    return Site(house, dataset, officer, annotator, browser, grant.id, pictures, sealed)


def still() -> EncodedImage:
    return EncodedImage(picture(), "image/png", ".png", ImageFormat.PNG)


def release(
    database: Database,
    sealed: NewCopies,
    dataset: str,
    uploader: str,
    encoded: EncodedImage,
    report: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[str, bytes]:
    """A released asset, whose copy the broker can open. Gives the copy's id and its bytes."""
    asset = replace(
        asset_record(new_id("asset"), AssetState.RELEASED), dataset_id=dataset, uploader_id=uploader
    )
    with database.unit() as unit:
        assets.add(unit.session, asset, sealed_name=None)
        copy = sealed.put(asset, encoded, size=SIZE, revision=1, report=report, now=utc_now())
        copies.add(unit.session, copy)
    return copy.id, encoded.data
