"""The report and the contact sheet."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.bench.annotations import LabelledImage
from gateway.bench.compare import compare, verdicts
from gateway.bench.misses import write_sheet
from gateway.bench.page import report_page
from gateway.bench.plots import Curve, Interval, Series, curves, stacked, whiskers
from gateway.bench.results import Results
from gateway.bench.run import Run, Scored
from tests.gateway.bench.labelled import box, image, noise, run_of

MARKUP = "set/<script>alert(1)</script>&.jpg"
VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Fails where a tag is closed that was not opened, and keeps what is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [v for k, v in attrs if k in ("src", "href") and v and not v.startswith("data:")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def results() -> Results:
    ours = run_of("ours <b>", {MARKUP: "ccl", "set/b.jpg": "cb"})
    ours = replace(ours, images=tuple(_staged(one) for one in ours.images))
    theirs = run_of("theirs", {MARKUP: "ccc", "set/b.jpg": "ll"})
    found = compare(verdicts(ours), verdicts(theirs))
    assert found is not None
    return Results({"date": "today", "data": "set"}, (ours, theirs), (found,), ())


def _staged(one: Scored) -> Scored:
    return replace(one, made=replace(one.made, stages={"decode": 100.0, "detect": 800.0}))


def test_the_report_stands_by_itself_and_says_what_was_found() -> None:
    page = report_page(results())
    told = parsed(page)
    assert told.fetched == []
    assert not told.tags & {"script", "link", "img", "iframe"}
    assert "<svg" in page
    assert "images: 1 won, 1 lost, 0 alike" in page
    assert "prefers-color-scheme: dark" in page


def test_names_of_files_are_text_on_the_report() -> None:
    page = report_page(results())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "ours &lt;b&gt;" in page


def missed(tmp_path: Path) -> tuple[Run, list[LabelledImage]]:
    pixels = noise(90, 120)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    Image.fromarray(255 - pixels).save(tmp_path / "out.png")
    run = run_of("ours", {MARKUP: "lc", "set/none.jpg": "l"})
    written = replace(run.images[0], made=replace(run.images[0].made, output=tmp_path / "out.png"))
    nothing = replace(
        run.images[1],
        made=replace(run.images[1].made, output=None),
        score=replace(run.images[1].score, failure="nothing was written"),
    )
    labels = [
        image(MARKUP, box(40, 30, 20, 20, number=0), box(0, 0, 9, 9, number=1), path=tmp_path / "in.png"),
        image("set/none.jpg", box(-5, 80, 500, 40, number=0), path=tmp_path / "in.png"),
    ]
    return replace(run, images=(written, nothing)), labels


def test_the_sheet_shows_each_miss_before_and_after_and_warns(tmp_path: Path) -> None:
    file = io.StringIO()
    run, labels = missed(tmp_path)
    assert write_sheet(file, run, labels) == 2
    page = file.getvalue()
    assert parsed(page).fetched == []
    assert "must not be shown" in page
    assert "<script>" not in page
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(found))) for found in re.findall(r"base64,([^\"]+)", page)
    ]
    # Before and after of the first; of the second, of which nothing was written, only before.
    assert len(pictures) == 3
    before, after = (picture.getpixel((picture.width // 2, picture.height // 2)) for picture in pictures[:2])
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    assert before != after
    assert "nothing was written" in page


def test_nothing_missed_is_an_empty_sheet() -> None:
    file = io.StringIO()
    assert write_sheet(file, run_of("ours", {"set/a.jpg": "cc"}), [image("set/a.jpg")]) == 0
    assert "0 boxes not covered" in file.getvalue()
    parsed(file.getvalue())


shares = st.floats(0, 1, allow_nan=False)
intervals = st.tuples(shares, shares, shares).map(lambda three: (sorted(three)[1], min(three), max(three)))


@given(st.lists(st.lists(st.none() | intervals, min_size=3, max_size=3), min_size=1, max_size=4))
def test_points_lie_in_the_plot_between_the_ends_of_their_whiskers(
    found: list[list[Interval | None]],
) -> None:
    svg = whiskers(["a", "b", "c"], [Series("s", values) for values in found], label="l")
    parsed(svg)
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', svg)]
    assert len(heights) == sum(value is not None for values in found for value in values)
    ends = re.findall(r'd="M[\d.]+ ([\d.]+)V([\d.]+)', svg)
    for height, (low, high) in zip(heights, ends, strict=True):
        assert 0 <= float(high) <= height + 0.1
        assert height <= float(low) + 0.1 <= 260


@given(st.lists(st.tuples(st.floats(0, 1e6, allow_nan=False), shares), max_size=20))
def test_curves_lie_in_the_plot(points: list[tuple[float, float]]) -> None:
    svg = curves([Curve("c", sorted(points))], label="l", across="x")
    parsed(svg)
    for x, y in re.findall(r"([\d.]+),([\d.]+)", "".join(re.findall(r'points="([^"]*)"', svg))):
        assert 0 <= float(x) <= 640
        assert 0 <= float(y) <= 260


def test_a_stacked_bar_is_as_long_as_its_parts() -> None:
    svg = stacked([("decode", 0.25), ("<detect>", 0.75)], label="l")
    parsed(svg)
    assert [float(width) for width in re.findall(r'width="([\d.]+)"', svg)] == [160, 480]
    assert "&lt;detect&gt;: 75.0%" in svg
