"""An annotator in a real browser: each tool, keys alone, a reload, a submission, a grant taken back."""

from __future__ import annotations

import io
import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect

from tests.journeys.conftest import House
from tests.journeys.console.conftest import Seat
from tests.support.browser import TABLET, context, looked_at, sizes
from tests.support.gateway import Person, give_grant, released_copy
from tests.support.pictures import large_plate_png

CATEGORIES: Final = [
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 7, "name": "lamp"},
    {"id": 9, "name": "face", "keypoints": ["left eye", "right eye", "nose"]},
]
WORDS: Final = "Label **every** object.\n\n## Car\n\nThe visible body, with mirrors.\n"
ZOOM: Final = 8
"""Screen pixels per image pixel after X, X: no rounding on the way can move a point by one."""

CENTRE: Final = (480, 320)
"""Of the drawn plate's picture, which the zoomed view is centred on."""


@dataclass
class Street:
    """A dataset of released images, and somebody who holds a grant for it."""

    house: House
    dataset: str
    annotator: Person
    grant: str


def make_street(house: House, *pictures: bytes) -> Street:
    form = {"name": f"to annotate {time.time_ns()}", "policy": "street", "categories": CATEGORIES}
    dataset = house.officer.http.post("/v1/datasets", json=form).json()["id"]
    annotator = house.installation.enrol("annotator")
    for picture in pictures:
        released_copy(house.uploader, dataset, picture)
    return Street(house, dataset, annotator, give_grant(house.officer, annotator, dataset))


@pytest.fixture(scope="module")
def street(house: House) -> Street:
    return make_street(house, large_plate_png(), large_plate_png())


def open_next(page: Page) -> None:
    page.goto("/tasks")
    page.get_by_role("button", name="Next image").click()
    opened(page)


def go_on(page: Page) -> None:
    """To the image that the annotator has, or else to the next."""
    page.goto("/tasks")
    held = page.get_by_role("link", name=re.compile("Go on"))
    if held.count() == 0:
        return open_next(page)
    held.first.click()
    return opened(page)


def opened(page: Page) -> None:
    expect(page.locator("#stage")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button", name="Submit, next image")).to_be_enabled()


def screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the image is on the screen, once X was pressed twice."""
    place = page.locator("#stage").bounding_box()
    assert place is not None
    left, top = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    return left + (x - CENTRE[0]) * ZOOM, top + (y - CENTRE[1]) * ZOOM


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*screen(page, *start))
    page.mouse.down()
    page.mouse.move(*screen(page, *end), steps=3)
    page.mouse.up()


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*screen(page, x, y))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))


def rows(page: Page) -> list[str]:
    return page.locator("#objects > li").all_inner_texts()


def exported(street: Street) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = street.house.officer.http.get(
        f"/v1/datasets/{street.dataset}/labels"
    ).json()["annotations"]
    return found


def test_an_image_is_annotated_with_each_tool_and_exported_as_drawn(street: Street, seat: Seat) -> None:
    officer = seat(street.house.officer)
    officer.goto(f"/workforce/datasets/{street.dataset}/guidelines")
    officer.get_by_label("Words for the annotators").fill(WORDS)
    officer.get_by_role("button", name="Publish version 1").click()
    expect(officer.get_by_role("heading", name="Write version 2")).to_be_visible()
    looked_at(officer, "guidelines-write")

    page = seat(street.annotator)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/tasks")
    expect(page.get_by_text("label-cars")).to_be_visible()
    looked_at(page, "annotator-tasks")
    open_next(page)
    task = page.url
    expect(page.get_by_text("The visible body, with mirrors.")).to_be_visible()
    press(page, "x", "x")
    expect(page.locator("#zoom")).to_have_text("800 %")

    # A box, named by its key; drawn from any corner.
    press(page, "1", "r")
    drag(page, (500, 350), (470, 310))
    # A polygon, a corner taken back, closed by Enter.
    press(page, "2", "p")
    for corner in ((450, 300), (462, 300), (480, 340), (466, 316)):
        click(page, *corner)
    press(page, "Backspace", "Backspace")
    click(page, 462, 312)
    press(page, "Enter")
    # Landmarks in the order of their names: shown, not to be seen, covered.
    press(page, "3", "m")
    expect(page.locator("#hint")).to_contain_text("left eye (1 of 3)")
    click(page, 490.5, 330.5)
    press(page, "n")
    page.keyboard.down("Shift")
    click(page, 495.5, 336.5)
    page.keyboard.up("Shift")
    assert [row.split("\n")[0] for row in rows(page)] == ["car 1", "lamp 2", "face 3"]

    # By keys alone: back to the car, moved, its right side pulled, marked; the last two undone, one redone.
    press(page, "q", "q", "ArrowRight", "Shift+ArrowUp")
    press(page, "e", "e", "e", "e", "ArrowLeft", "ArrowLeft")
    press(page, "t", "y", "z", "z", "Shift+Z")
    looked_at(page, "annotator-workbench")
    saved(page)
    page.reload()
    opened(page)
    assert [row.split("\n") for row in rows(page)] == [
        ["car 1", "28 × 40"],
        ["lamp 2", "3 corners"],
        ["face 3", "2 of 3 points"],
    ]

    press(page, "Enter")
    page.wait_for_url(lambda url: "/tasks/task-" in url and url != task)
    opened(page)
    car, lamp, face = exported(street)
    assert (car["category_id"], car["bbox"]) == (3, [471, 300, 28, 40])
    assert car["attributes"] == {"truncated": True, "occluded": False}
    assert lamp["segmentation"] == [[450, 300, 462, 300, 462, 312]]
    assert (lamp["category_id"], lamp["area"]) == (7, 72)
    assert face["keypoints"] == [490.5, 330.5, 2, 0, 0, 0, 495.5, 336.5, 1]

    only_by_post(answers)
    assert sum(sizes(page).values()) < 350_000


def only_by_post(answers: list[Response]) -> None:
    """No request brought a picture that a browser, or anything on the way, could keep."""
    images = [answer for answer in answers if answer.url.endswith("/image")]
    assert images
    for answer in images:
        assert answer.request.method == "POST"
        assert answer.headers["content-type"] == "application/octet-stream"
    for answer in answers:
        assert not answer.headers.get("content-type", "").startswith("image/") or answer.url.endswith(".svg")
        if "/static/" not in answer.url:
            assert answer.headers["cache-control"] == "no-store", answer.url


def test_by_keys_alone_and_with_keys_of_ones_own(street: Street, seat: Seat) -> None:
    page = seat(street.annotator, viewport=TABLET, color_scheme="dark")
    go_on(page)
    page.locator("#stage").focus()
    # The crosshair begins in the middle of what is seen: a box of 20 × 10 from there, without any pointer.
    press(
        page,
        "r",
        "ArrowRight",
        "ArrowLeft",
        ".",
        "Shift+ArrowRight",
        "Shift+ArrowRight",
        "Shift+ArrowDown",
        ".",
    )
    assert [row.split("\n") for row in rows(page)] == [["car 1", "20 × 10"]]
    # Its class and attributes go to another.
    press(page, "y", "w", "c", "Escape", "2", "ArrowLeft", ".", "Shift+ArrowLeft", "Shift+ArrowUp", ".")
    press(page, "Shift+C")
    assert [row.split("\n")[0] for row in rows(page)] == ["car 1", "car 2"]
    expect(page.get_by_label("Partly covered")).to_be_checked()
    press(page, "Delete")
    assert len(rows(page)) == 1
    # Another key for the box: kept on this device, and the old one does nothing any more.
    press(page, "?")
    looked_at(page, "annotator-keys")
    page.get_by_role("button", name="box: R. Change").click()
    press(page, "b")
    page.get_by_role("button", name="Close", exact=True).click()
    press(page, "v", "r")
    expect(page.locator("[data-tool=select]")).to_have_attribute("aria-pressed", "true")
    press(page, "b")
    expect(page.locator("[data-tool=box]")).to_have_attribute("aria-pressed", "true")
    # No menu to save the image with, nothing to drag out of it.
    for kind in ("contextmenu", "dragstart"):
        stopped = f"""() => !document.querySelector('#stage').dispatchEvent(
            new MouseEvent({json.dumps(kind)}, {{ bubbles: true, cancelable: true }}))"""
        assert page.evaluate(stopped), kind
    assert page.locator("img").count() == 0
    saved(page)
    looked_at(page, "annotator-workbench-dark-tablet")
    page.get_by_role("link", name=re.compile("Read all")).evaluate("link => link.removeAttribute('target')")
    page.get_by_role("link", name=re.compile("Read all")).click()
    expect(page.get_by_role("heading", name="Guidelines", exact=True)).to_be_visible()
    looked_at(page, "annotator-guidelines-dark-tablet")


def test_the_end_of_a_lease_is_told_in_time_and_can_be_put_off(street: Street, seat: Seat) -> None:
    page = seat(street.annotator)
    page.clock.install()
    go_on(page)
    task = page.url.rpartition("/")[2]
    warning = page.locator("#lease")
    expect(warning).to_be_hidden()
    soon = f"{datetime.now(UTC) + timedelta(minutes=4):%Y-%m-%d %H:%M:%S.%f}"
    street.house.installation.execute(
        "UPDATE label_task SET lease_until = :soon WHERE id = :id", soon=soon, id=task
    )
    # Whoever did something in the last minute is at work, and keeps the image without being asked.
    page.clock.fast_forward("02:00")
    expect(warning).to_contain_text(re.compile(r"goes back to the others in [1-4] min"))
    looked_at(page, "annotator-lease")
    warning.get_by_role("button", name="Keep the image").click()
    expect(warning).to_be_hidden()


def test_a_grant_taken_back_closes_the_open_image(street: Street, seat: Seat) -> None:
    page = seat(street.annotator)
    go_on(page)
    assert street.house.officer.http.delete(f"/v1/grants/{street.grant}").status_code == 200
    before = len(street.house.installation.entries())
    press(page, "w", "t")  # the next thing that is kept
    expect(page.get_by_role("heading", name="Your access was taken back")).to_be_visible()
    assert page.locator("canvas").count() == 0
    looked_at(page, "annotator-stopped")
    denied = street.house.installation.entries()[before:]
    assert {entry["action"] for entry in denied} == {"access.denied"}
    assert {entry["details"]["reason"] for entry in denied} == {"grant.revoked"}
    assert {entry["actor"] for entry in denied} == {street.annotator.id}
    page.goto("/tasks")
    expect(page.get_by_text("Taken back by the compliance officer")).to_be_visible()


PAGES: Final = ((90, 120, 90), (120, 90, 160))
"""The colours of two pages, in which there is nothing to hide."""


def pages_tiff() -> bytes:
    first, second = (Image.new("RGB", (960, 640), colour) for colour in PAGES)
    buffer = io.BytesIO()
    first.save(buffer, "TIFF", save_all=True, append_images=[second])
    return buffer.getvalue()


def sees(page: Page, number: int) -> None:
    """The page of this number stands on the canvas, and its words say so."""
    expect(page.locator("#frame")).to_have_text(f"Frame {number} of 2")
    middle = """colour => {
        const canvas = document.querySelector('#canvas');
        const [x, y] = [Math.round(canvas.width / 2) + 40, Math.round(canvas.height / 2) + 40];
        const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, x, y, 1, 1, 0, 0, 1, 1);
        const shown = copy.getImageData(0, 0, 1, 1).data;
        return colour.every((value, channel) => shown[channel] === value);
    }"""
    page.wait_for_function(middle, arg=list(PAGES[number - 1]))


def test_the_second_page_of_a_tiff_is_seen_labelled_and_exported_as_such(house: House, seat: Seat) -> None:
    street = make_street(house, pages_tiff())
    page = seat(street.annotator)
    open_next(page)
    sees(page, 1)
    press(page, "r")
    # Whoever submits now is told of the page that was not looked at.
    press(page, "Enter")
    expect(page.get_by_text("You looked at 1 of 2 frames")).to_be_visible()
    page.get_by_role("button", name="Keep working").click()
    # By key and by button, there and back; where a crosshair is, the full stop sets a point and turns none.
    press(page, ".")
    sees(page, 2)
    page.get_by_role("button", name="Previous frame").click()
    sees(page, 1)
    page.locator("#stage").focus()
    press(page, "ArrowRight", "ArrowLeft", ".", "Shift+ArrowRight", "Shift+ArrowDown", ".")
    assert [row.split("\n") for row in rows(page)] == [["car 1", "10 × 10"]]
    press(page, ".")
    sees(page, 2)
    expect(page.locator("#elsewhere")).to_have_text("1 more on other frames")
    expect(page.locator("#none")).to_be_visible()
    press(page, "x", "x")
    expect(page.locator("#zoom")).to_have_text("800 %")
    drag(page, (470, 310), (500, 350))
    # What is undone is what is seen: the other page keeps its own.
    press(page, "z", "z", "Shift+Z")
    assert [row.split("\n") for row in rows(page)] == [["car 2", "30 × 40"]]
    looked_at(page, "annotator-frames")
    saved(page)
    page.reload()
    opened(page)
    sees(page, 1)
    assert [row.split("\n") for row in rows(page)] == [["car 1", "10 × 10"]]
    press(page, ".")
    sees(page, 2)
    assert [row.split("\n") for row in rows(page)] == [["car 2", "30 × 40"]]

    press(page, "Enter")
    page.wait_for_url("**/tasks?none=*")
    coco = house.officer.http.get(f"/v1/datasets/{street.dataset}/labels").json()
    frames = {image["id"]: image["frame"] for image in coco["images"]}
    assert {frames[one["image_id"]]: one["bbox"] for one in coco["annotations"]} == {
        0: [480, 320, 10, 10],
        1: [470, 310, 30, 40],
    }
    task = house.installation.entries("labels.submitted")[-1]["details"]["asset"]
    shown = [e["details"] for e in house.installation.entries("copy.delivered")]
    assert [d["frame"] for d in shown if d["asset"] == task] == [0, 1, 0, 1, 0, 1]


def test_no_two_objects_of_an_image_have_one_number_whatever_is_undone(
    house: House, chromium: Browser
) -> None:
    """The door's page: any page of ours may load our modules."""
    script = """async () => {
        const { Desk } = await import('/static/js/tasks/desk.js');
        const told = { id: 7, name: 'car', colour: '#fff', key: '1', landmarks: [] };
        const there = [{ id: 4, category_id: 7, bbox: [1, 1, 2, 2], frame: 2 }];
        const image = { width: 50, height: 40 };
        const desk = new Desk({ image, frames: 3, classes: [told], annotations: there }, () => undefined);
        const draw = () => { desk.set({ x: 5, y: 5 }); desk.set({ x: 9, y: 9 }); };
        draw();
        desk.undo();
        desk.turn(1);
        draw();
        desk.turn(2);
        desk.remove(desk.select(4));
        draw();
        desk.undo();
        desk.undo();
        desk.turn(0);
        desk.redo();
        draw();
        return desk.all.map((one) => [one.id, one.frame]);
    }"""
    with context(chromium, house.installation.url) as (opened_at, _):
        page = opened_at.new_page()
        page.goto("/sign-in")
        found = page.evaluate(script)
    assert found == [[5, 0], [8, 0], [6, 1], [4, 2]]  # 7 was drawn on the third, and may come back
