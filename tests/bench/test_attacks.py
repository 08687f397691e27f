"""The attacks can do what they claim: they read what a Gaussian leaves, and nothing of a fill."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.imaging import cells, redact
from gateway.imaging.cells import Grid
from gateway.imaging.image import Pixels
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from tests.bench.attacks import average, dictionary, released, sharpen
from tests.bench.attacks import methods as ways
from tests.bench.attacks.classifiers import ATTACKERS, crossed, folds
from tests.bench.attacks.curves import drawing
from tests.bench.attacks.photos import Photo
from tests.bench.attacks.reading import matches, scenes
from tests.bench.attacks.results import Row
from tests.bench.attacks.strings import with_region

PLATE = Kind.LICENSE_PLATE
PLATES = 2


def read(method: ways.Method) -> float:
    """The share of characters that the dictionary reads."""
    chance = np.random.default_rng(5)
    right = 0
    for scene, text, photo in scenes(PLATE, PLATES, 3, fills=True, heights=(30, 32)):
        seen = dictionary.seen_by(ways.copy_of(photo, scene.style.region, PLATE, method), method)
        right += matches(dictionary.read(dictionary.book_of(scene, method), seen, chance), text)
    return right / (7 * PLATES)


def test_the_dictionary_reads_what_a_gaussian_blur_leaves() -> None:
    assert read(ways.gaussian(4)) > 0.8


def test_the_dictionary_reads_nothing_of_a_fill() -> None:
    assert read(ways.fill()) < 0.4


def test_a_list_tells_fine_cells_apart_and_not_a_fill() -> None:
    fine = ways.bounded(4, 8, 8)
    chance = np.random.default_rng(1)
    for scene, text, photo in scenes(PLATE, 2, 7, fills=True, heights=(30, 32)):
        told = dictionary.indices(text)[None]
        candidates = np.vstack([told, chance.integers(0, 33, (20, 7))])
        seen = dictionary.seen_by(ways.copy_of(photo, scene.style.region, PLATE, fine), fine)
        assert dictionary.pick(dictionary.book_of(scene, fine), seen, candidates) == 1.0
        filled = dictionary.book_of(scene, ways.fill())
        assert dictionary.pick(filled, filled.ground, candidates) == 1 / len(candidates)


def test_the_dictionary_knows_what_a_cell_holds_of_each_character() -> None:
    scene, _, _ = next(iter(scenes(PLATE, 1, 3, fills=True, heights=(20, 21))))
    region = Region(8, 4, 108, 36)
    book = dictionary.book_of(with_region(scene, region), ways.bounded(2, 3, 2))
    contrast = np.array(scene.style.ink, dtype=np.float64) - np.array(scene.style.ground, dtype=np.float64)
    down, across = cells.edges(32, 2), cells.edges(100, 3)
    inside = scene.glyphs[2, 5, 4:36, 8:108] / 255
    for row, column in np.ndindex(2, 3):
        cell = inside[down[row] : down[row + 1], across[column] : across[column + 1]]
        told = book.each[2, 5].reshape(2, 3, 3)[row, column]
        assert told == pytest.approx(cell.mean() * contrast, abs=1e-3)


def test_releases_under_other_margins_tell_more_of_what_lies_beneath() -> None:
    slope = np.linspace(0, 255, 160)
    pixels = np.repeat(np.tile(slope, (160, 1))[:, :, None], 3, axis=2).astype(np.uint8)
    photo, method = Photo(0, pixels, Region(32, 32, 128, 128)), ways.bounded(1, 2, 2)
    regions = average.releases(photo.region, Size(160, 160), 12, np.random.default_rng(1))
    seen = released.shown_of(photo, regions, method)
    one, many = (
        released.solved(photo.region, regions[:count], seen[:count], method).reshape(12, 12, 3)
        for count in (1, 12)
    )
    truth = slope[16 + np.arange(12) * 128 // 11]
    assert np.abs(many[6, :, 0] - truth).mean() < np.abs(one[6, :, 0] - truth).mean()


def test_another_bound_goes_through_the_code_of_the_product() -> None:
    method = ways.bounded(3, 4, 1)
    scene, _, photo = next(iter(scenes(PLATE, 1, 3, fills=True)))
    region = scene.style.region
    assert method.bound is not None
    with ways.constants(method.bound):
        hidden = redact.apply(photo, [Redaction(region, PLATE, RedactionMethod.BLUR)])
        assert redact.is_bounded(redact.view(hidden, region), PLATE, RedactionMethod.BLUR)
        means = cells.read(redact.view(photo, region), Grid(3, 4))
    shown = ways.cells_of(ways.copy_of(photo, region, PLATE, method), method.bound)
    assert np.array_equal(shown, means)  # JPEG took nothing of them
    assert set(np.unique(shown)) <= {64, 192}


def test_a_known_blur_is_turned_round() -> None:
    _, _, photo = next(iter(scenes(PLATE, 1, 3, fills=True)))
    row = sharpen.gaussian_kernel(3)
    change = ways.gaussian(3).change
    assert change is not None
    soft = change(photo)
    again = sharpen.wiener(soft, row, row, 1e-3)

    def off(picture: Pixels) -> float:
        return float(np.abs(picture.astype(float) - photo).mean())

    assert off(again) < 0.75 * off(soft)


def test_classifiers_know_classes_that_differ_and_guess_those_that_do_not() -> None:
    chance = np.random.default_rng(2)
    labels = np.repeat(np.arange(5), 12)
    parts = folds(labels, 3, 1)
    apart = chance.normal(0, 0.2, (60, 4)) + chance.normal(0, 3, (5, 4))[labels]
    alike = np.zeros((60, 4))
    for attacker in ATTACKERS.values():
        assert (crossed(apart, labels, parts, attacker).argmax(axis=1) == labels).mean() > 0.9
        flat = crossed(alike, labels, parts, attacker)
        assert np.ptp(flat, axis=1).max() < 0.5


def test_curves_show_what_was_measured() -> None:
    def row(method: str, bits: int, right: float) -> Row:
        return Row("plates", "list", method, bits, right, right, right, 0.01, 100)

    drawn = drawing([row("blur 1×2, 2 bit", 12, 0.03), row("blur 2×4, 3 bit", 72, 0.5)])
    assert drawn.startswith("<svg xmlns")
    assert drawn.endswith("</svg>\n")
    assert "blur 2×4, 3 bit: 50.0 %, n = 100" in drawn
