"""Bringing images in at the console: every end state is seen, and neither a reload nor a cut loses a byte."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from gateway.services.resumable import PIECE_BYTES
from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, looked_at
from tests.support.gateway import create_dataset
from tests.support.pictures import jpeg, photo_with_plate, plate_png

SECONDS = 120_000
"""Milliseconds that a worker may take for a few small pictures on a busy machine."""

MARKER = "Orso-Vellin-0048"
"""In every file's name: such a name is a patient's as often as not."""

# Files as a person drops them: made in the page, with their bytes, and let go over it.
DROP = """files => {
    const transfer = new DataTransfer();
    for (const { name, data } of files) {
        const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { lastModified: 1900000000000 }));
    }
    document.getElementById("drop").dispatchEvent(
        new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

STORED = "() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage })"
PAIRS = "pics => pics.map(pic => [...pic.querySelectorAll('canvas')].map(one => one.toDataURL()))"


@pytest.fixture(scope="module")
def dataset(house: House) -> str:
    return create_dataset(house.officer, "brought in by hand")


def opened(page: Page, dataset: str) -> Page:
    """The upload page, once its modules are at work."""
    page.goto(f"/upload?dataset={dataset}")
    ready(page)
    return page


def ready(page: Page) -> None:
    page.locator("#upload[data-ready]").wait_for()


def drop(page: Page, files: dict[str, bytes]) -> None:
    told = [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files.items()]
    page.evaluate(DROP, told)


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows tr").filter(has=page.get_by_title(name, exact=True))


def comes_to(page: Page, name: str, state: str) -> None:
    expect(row(page, name)).to_have_attribute("data-state", state, timeout=SECONDS)


def has_arrived(page: Page, name: str) -> None:
    """Every byte is there; what the worker makes of it is another matter."""
    settled = re.compile("^(?!checking|waiting|sending).+$")
    expect(row(page, name)).to_have_attribute("data-state", settled, timeout=SECONDS)


def test_every_end_state_is_seen_and_no_name_is_left_behind(
    house: House, seat: Seat, dataset: str, astronaut: Image.Image
) -> None:
    page, addresses = seat(house.uploader), []
    page.on("request", lambda request: addresses.append(request.url))
    opened(page, dataset)
    looked_at(page, "upload-empty")
    face = jpeg(astronaut)
    names = {
        word: f"{MARKER} {word}" for word in ("face.jpg", "both.jpg", "plate.png", "copy.jpg", "letter.docx")
    }
    drop(page, {names["face.jpg"]: face, names["both.jpg"]: jpeg(photo_with_plate(astronaut))})
    comes_to(page, names["face.jpg"], "released")
    # What follows comes when the first is there, so that it is clear which of the same bytes came before.
    more = {
        names["plate.png"]: plate_png(),
        names["copy.jpg"]: face,
        names["letter.docx"]: b"PK\x03\x04 words",
    }
    drop(page, more)
    comes_to(page, names["plate.png"], "released")
    comes_to(page, names["both.jpg"], "released")
    comes_to(page, names["copy.jpg"], "already_here")
    comes_to(page, names["letter.docx"], "refused")
    expect(row(page, names["face.jpg"])).to_contain_text("1 face hidden")
    expect(row(page, names["copy.jpg"])).to_contain_text(f"Same bytes as {names['face.jpg']}")
    expect(row(page, names["letter.docx"])).to_contain_text("An archive is not taken")
    expect(page.locator("#sent-files")).to_have_text("4 of 4 files sent")

    pairs = page.locator("#pics .pic")
    expect(pairs).to_have_count(3)
    for before, after in pairs.evaluate_all(PAIRS):
        assert before != after, "the copy differs from the file"

    looked_at(page, "upload")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": TABLET["width"], "height": TABLET["height"]})
    looked_at(page, "upload-dark-tablet")
    assert MARKER not in page.evaluate(STORED)

    page.get_by_role("button", name="Finish batch").click()
    expect(page.get_by_role("heading", name="Batch of")).to_be_visible()
    expect(page.get_by_text("1 file not taken in")).to_be_visible()
    expect(page.locator("main").get_by_text(names["face.jpg"])).to_be_visible()
    looked_at(page, "batch-dark-tablet")
    assert MARKER not in page.evaluate(STORED)
    assert MARKER not in "".join(addresses)
    for log in house.installation.logs.iterdir():
        assert MARKER not in log.read_text("utf-8"), log.name
    assert MARKER not in str(house.installation.entries())


def test_a_copy_is_looked_at_by_keyboard_alone(
    house: House, seat: Seat, dataset: str, astronaut: Image.Image
) -> None:
    page = opened(seat(house.uploader), dataset)
    drop(page, {"one.jpg": jpeg(astronaut, quality=91), "two.png": plate_png()})
    comes_to(page, "one.jpg", "released")
    comes_to(page, "two.png", "released")
    page.locator("#batch-link").press("Enter")
    expect(page.get_by_role("heading", name="Batch of")).to_be_visible()
    page.get_by_role("button", name="Show copy").first.press("Enter")
    seen = page.get_by_role("img", name="The sanitized copy")
    expect(seen).to_be_visible()
    first = seen.get_attribute("src")
    looked_at(page, "batch-copy")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    expect(seen).to_be_visible()
    assert seen.get_attribute("src") != first
    page.keyboard.press("Escape")
    expect(seen).to_be_hidden()
    expect(page.get_by_role("button", name="Show copy").first).to_be_focused()


@pytest.fixture
def large(tmp_path: Path, astronaut: Image.Image) -> Path:
    """A file of three pieces, the last of which is short. Nobody looks at what it shows."""
    path = tmp_path / "large.jpg"
    picture = jpeg(astronaut, quality=90)
    path.write_bytes(picture + bytes(2 * PIECE_BYTES + 1_000 - len(picture)))
    return path


class Gate:
    """Holds the requests of a page that bring bytes of a file from `offset` on, until it is opened."""

    def __init__(self, page: Page, offset: int) -> None:
        self.page = page
        self.offset = str(offset)
        self.held: list[Route] = []
        self.shut = True
        page.route("**/upload/files/*", self._at)

    def _at(self, route: Route) -> None:
        if self.shut and route.request.headers.get("upload-offset") == self.offset:
            self.held.append(route)
        else:
            route.continue_()

    def wait(self) -> None:
        """Until one is held."""
        while not self.held:
            self.page.wait_for_timeout(20)

    def open(self) -> None:
        self.shut = False
        for route in self.held:
            route.continue_()


def sizes(house: House, dataset: str, least: int) -> list[Any]:
    query = "SELECT byte_length FROM asset WHERE dataset_id = :dataset AND byte_length > :least"
    return [row[0] for row in house.installation.rows(query, dataset=dataset, least=least)]


def test_a_reload_in_the_middle_goes_on_from_the_last_byte(house: House, seat: Seat, large: Path) -> None:
    dataset = create_dataset(house.officer, "reloaded")
    page = opened(seat(house.uploader), dataset)
    gate = Gate(page, PIECE_BYTES)
    page.locator("#files").set_input_files(large)
    gate.wait()
    page.reload()
    ready(page)
    page.unroute("**/upload/files/*")
    expect(page.locator("#notice")).to_contain_text("1 cut off on the way")
    looked_at(page, "upload-again")
    with page.expect_request(lambda request: request.method == "PATCH") as next_bytes:
        page.locator("#files").set_input_files(large)
    assert next_bytes.value.headers["upload-offset"] == str(PIECE_BYTES), "what arrived is not sent twice"
    has_arrived(page, large.name)
    assert sizes(house, dataset, PIECE_BYTES) == [large.stat().st_size]
    # And once more: what arrived before is known, and nothing of it is sent.
    page.reload()
    ready(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.locator("#files").set_input_files(large)
    has_arrived(page, large.name)
    assert "PATCH" not in sent


def test_a_cut_of_the_network_loses_nothing_and_mends_itself(house: House, seat: Seat, large: Path) -> None:
    dataset = create_dataset(house.officer, "cut off")
    page = opened(seat(house.uploader), dataset)
    gate = Gate(page, PIECE_BYTES)
    page.locator("#files").set_input_files(large)
    gate.wait()
    page.context.set_offline(True)
    gate.open()
    notice = page.locator("#notice")
    expect(notice).to_contain_text("Nothing is lost")
    looked_at(page, "upload-offline")
    page.context.set_offline(False)
    has_arrived(page, large.name)
    expect(notice).to_be_empty()
    assert sizes(house, dataset, PIECE_BYTES) == [large.stat().st_size]


def test_sending_stops_and_goes_on_at_a_word(house: House, seat: Seat, large: Path) -> None:
    dataset = create_dataset(house.officer, "paused")
    page = opened(seat(house.uploader), dataset)
    gate = Gate(page, PIECE_BYTES)
    page.locator("#files").set_input_files(large)
    gate.wait()
    page.get_by_role("button", name="Pause").click()
    comes_to(page, large.name, "waiting")
    page.unroute("**/upload/files/*")
    page.get_by_role("button", name="Continue").click()
    has_arrived(page, large.name)
    assert sizes(house, dataset, PIECE_BYTES) == [large.stat().st_size]


def test_the_other_pages_of_an_uploader_stand_up(house: House, seat: Seat, dataset: str) -> None:
    page = seat(house.uploader)
    for name, path in (
        ("batches", "/batches"),
        ("datasets", "/datasets"),
        ("dataset", f"/datasets/{dataset}"),
    ):
        page.goto(path)
        looked_at(page, name)
