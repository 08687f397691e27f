"""The reviewer's workbench in a browser: what a person at the keyboard does, and where things are."""

from __future__ import annotations

from playwright.sync_api import Page, expect

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the image."""


def open_bench(page: Page, review: str) -> None:
    """The workbench with the image on its stage."""
    page.goto(f"/review/{review}")
    shows(page, review)


def shows(page: Page, review: str) -> None:
    page.locator(f'#bench[data-shown="{review}"]').wait_for()


def screen_point(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the image is in the window."""
    found: list[float] = page.evaluate(
        """([x, y]) => {
            const { viewer } = document.getElementById('bench').bench;
            const place = viewer.host.getBoundingClientRect();
            const { scale } = viewer.view;
            return [place.left + (x - viewer.view.x) * scale, place.top + (y - viewer.view.y) * scale];
        }""",
        [x, y],
    )
    return found[0], found[1]


def draw_box(page: Page, box: Box) -> None:
    """R, and a drag from corner to corner, a little inside the pixels at the edge."""
    page.keyboard.press("r")
    page.mouse.move(*screen_point(page, box[0] + 0.5, box[1] + 0.5))
    page.mouse.down()
    page.mouse.move(*screen_point(page, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    page.mouse.move(*screen_point(page, box[2] - 0.5, box[3] - 0.5))
    page.mouse.up()
    expect(page.get_by_role("option", name="Drawn by you")).to_have_count(1)


def draw_polygon(page: Page, corners: list[tuple[int, int]]) -> None:
    """P, a click at each corner, and Enter, which closes it; one region more is one's own."""
    own = page.get_by_role("option", name="Drawn by you").count()
    page.keyboard.press("p")
    for corner in corners:
        page.mouse.click(*screen_point(page, *corner))
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="Drawn by you")).to_have_count(own + 1)


def toast_says(page: Page, words: str) -> None:
    expect(page.locator("#toasts")).to_contain_text(words)
