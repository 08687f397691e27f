"""The workbench's pure modules: geometry, undo, and what a draft comes to; in a browser, where they run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import House
from tests.support.browser import context

IMAGE = {"width": 1000, "height": 600}
STAGE = {"width": 500, "height": 400}


@pytest.fixture(scope="module")
def page(house: House, chromium: Browser) -> Iterator[Page]:
    """The door's page: any page of ours may load our modules."""
    with context(chromium, house.installation.url) as (opened, _):
        found = opened.new_page()
        found.goto("/sign-in")
        yield found


def run(page: Page, module: str, expression: str, argument: Any = None) -> Any:
    """An expression of a module's names (`m`) and an argument (`a`)."""
    return page.evaluate(
        f"async (a) => {{ const m = await import('/static/js/review/{module}.js'); return {expression}; }}",
        argument,
    )


def test_zooming_keeps_what_lies_under_the_pointer(page: Page) -> None:
    moved = run(
        page,
        "geometry",
        """[1.3, 4, 0.5].map(factor => {
            const view = m.fit(a.image, a.stage), at = {x: 260, y: 190};
            const views = [view, m.zoomed(view, factor, at, a.image, a.stage)];
            const [before, after] = views.map(one => m.toImage(one, at));
            return Math.hypot(before.x - after.x, before.y - after.y);
        })""",
        {"image": IMAGE, "stage": STAGE},
    )
    assert max(moved) < 1e-6


def test_boxes_are_whole_pixels_inside_the_image_and_never_empty(page: Page) -> None:
    told = run(
        page,
        "geometry",
        """({
            drawn: m.boxBetween({x: -5.2, y: 10.9}, {x: 20.1, y: 12.2}, a),
            outside: m.boxBetween({x: -9, y: -9}, {x: -2, y: -1}, a),
            polygon: m.covering([{x: 5.5, y: 9}, {x: 20.2, y: 30.5}, {x: 2.9, y: 12}], a),
            moved: m.moved({x0: 990, y0: 0, x1: 1000, y1: 10}, 7.6, -4, a),
            least: m.resized({x0: 10, y0: 10, x1: 12, y1: 12}, {x: -1, y: -1}, 99, 99, a),
            wider: m.resized({x0: 10, y0: 10, x1: 12, y1: 12}, {x: 1, y: 0}, 3, 99, a),
        })""",
        IMAGE,
    )
    assert told == {
        "drawn": {"x0": 0, "y0": 10, "x1": 21, "y1": 13},
        "outside": None,
        "polygon": {"x0": 2, "y0": 9, "x1": 21, "y1": 31},
        "moved": {"x0": 990, "y0": 0, "x1": 1000, "y1": 10},
        "least": {"x0": 11, "y0": 11, "x1": 12, "y1": 12},
        "wider": {"x0": 10, "y0": 10, "x1": 15, "y1": 12},
    }


def test_tiles_of_a_view_cover_it_and_no_more(page: Page) -> None:
    tiles = run(
        page,
        "geometry",
        "m.tilesIn({scale: 1, x: 300, y: 0}, a.stage, 0, a.image, 256).map(t => [t.column, t.row])",
        {"image": IMAGE, "stage": STAGE},
    )
    assert tiles == [[1, 0], [2, 0], [3, 0], [1, 1], [2, 1], [3, 1]]
    assert run(page, "geometry", "[2, 1, 0.5, 0.3, 0.1].map(s => m.levelFor(s, 3))") == [0, 0, 1, 1, 2]


def test_what_was_done_is_undone_and_done_again_and_a_new_act_forgets_what_was_undone(page: Page) -> None:
    told = run(
        page,
        "history",
        """(() => {
            let h = m.act(m.act(m.begin(0), 1), 2);
            const undone = m.undo(m.undo(m.undo(h)));
            const again = m.redo(undone);
            const other = m.act(again, 9);
            const ends = [m.redo(other).now, m.undo(other).now, m.act(h, 2) === h];
            return [undone.now, m.canUndo(undone), again.now, ...ends];
        })()""",
    )
    assert told == [0, False, 1, 9, 1, True]


SHEET = {
    "regions": [
        {"index": 0, "kind": "face", "region": {"x0": 0, "y0": 40, "x1": 8, "y1": 48}, "open": False},
        {"index": 1, "kind": "text", "region": {"x0": 8, "y0": 8, "x1": 16, "y1": 16}, "open": True},
    ],
    "unhidden": [
        {"index": None, "kind": "face", "region": {"x0": 0, "y0": 0, "x1": 8, "y1": 8}, "open": False}
    ],
}


def test_a_draft_begins_with_what_is_open_and_untouched_comes_to_hiding_all(page: Page) -> None:
    told = run(
        page, "draft", "[m.draftOf(a).regions.map(r => r.tag + r.answer), m.decisionOf(m.draftOf(a))]", SHEET
    )
    assert told == [
        ["T2open", "F3hide", "F1show"],
        {"verdict": "release", "moved": [], "rejected": [], "added": []},
    ]


def test_a_decision_says_what_was_moved_not_hidden_and_added(page: Page) -> None:
    told = run(
        page,
        "draft",
        """(() => {
            let d = m.shown(m.draftOf(a), 'r1');
            d = m.shown(d, 'r1');
            d = m.placed(d, 'r0', {x0: 1, y0: 40, x1: 9, y1: 48});
            d = m.answered(d, 's0', 'hide');
            d = m.drawn(d, 'code', {x0: 20, y0: 20, x1: 24, y1: 24});
            d = m.drawn(d, 'code', {x0: 30, y0: 30, x1: 34, y1: 34});
            const moved = m.placed(d, 'r1', {x0: 8, y0: 8, x1: 17, y1: 16});
            return [m.decisionOf(m.removed(d, 'd2')), m.decisionOf(moved).rejected];
        })()""",
        SHEET,
    )
    decision, after_moving = told
    assert decision["rejected"] == [{"index": 1, "reason": "not_real"}]
    assert decision["moved"] == [{"index": 0, "region": {"x0": 1, "y0": 40, "x1": 9, "y1": 48}}]
    assert [one["kind"] for one in decision["added"]] == ["face", "code"]
    assert after_moving == []


def test_a_drawn_polygon_is_hidden_without_its_hollows_and_moved_it_is_a_box(page: Page) -> None:
    told = run(
        page,
        "draft",
        """(() => {
            const corner = (x, y) => ({ x, y });
            const ring = [corner(20, 20), corner(40, 20), corner(30, 25), corner(40, 40), corner(20, 40)];
            const box = {x0: 20, y0: 20, x1: 40, y1: 40};
            const d = m.drawn(m.draftOf(a), 'code', box, ring);
            const moved = m.placed(d, 'd1', {x0: 21, y0: 20, x1: 41, y1: 40});
            return [m.decisionOf(d).added[0].polygon, m.decisionOf(moved).added[0].polygon ?? null];
        })()""",
        SHEET,
    )
    assert sorted(told[0]) == [[20, 20], [20, 40], [40, 20], [40, 40]]
    assert told[1] is None


def test_what_the_policy_always_hides_is_neither_moved_nor_shown(page: Page) -> None:
    told = run(
        page,
        "draft",
        """(() => {
            a.regions[0].always = true;
            const d = m.draftOf(a);
            return [m.shown(d, 'r0') === d, m.placed(d, 'r0', {x0: 1, y0: 1, x1: 9, y1: 9}) === d];
        })()""",
        SHEET,
    )
    assert told == [True, True]
