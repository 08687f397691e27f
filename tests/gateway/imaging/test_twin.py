"""Twins: other pictures that give the same copy, if the copy does not depend on what is hidden."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given

from gateway.imaging.image import Pixels
from gateway.imaging.redact import apply, view
from gateway.imaging.twin import bits_left, twin
from policies.model import Kind, Redaction, RedactionMethod, Region
from tests.gateway.imaging.samples import noise, scene
from tests.gateway.imaging.test_redact import HEIGHT, WIDTH, inside, plans, seeds

FACE = Region(16, 8, 80, 64)


def chance(seed: int = 7) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@given(plans, seeds)
def test_a_twin_gives_the_same_copy(plan: list[Redaction], seed: int) -> None:
    picture = noise(WIDTH, HEIGHT, seed)
    assert np.array_equal(apply(twin(picture, plan, chance(seed)), plan), apply(picture, plan))


@given(plans, seeds)
def test_a_twin_differs_nowhere_but_beneath_the_regions(plan: list[Redaction], seed: int) -> None:
    picture = noise(WIDTH, HEIGHT, seed)
    other = twin(picture, plan, chance(seed))
    assert np.array_equal(other[~inside(plan)], picture[~inside(plan)])


def likeness(one: Pixels, other: Pixels) -> float:
    """Pearson's correlation of the brightness, once the coarse cells of a blur are taken away."""
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float64) for each in (one, other)]
    fine = [each - cv2.blur(each, (21, 21)) for each in grey]
    return float(np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1])


def test_what_a_twin_shows_beneath_a_region_is_noise_whatever_the_method() -> None:
    picture = scene()
    for method in RedactionMethod:
        plan = [Redaction(FACE, Kind.FACE, method)]
        other = twin(picture, plan, chance())
        assert abs(likeness(view(picture, FACE), view(other, FACE))) < 0.3  # of a picture with itself: 1


def test_a_redaction_that_leaks_gives_another_copy_of_its_twin() -> None:
    """The control: the usual Gaussian blur, strong as it looks, tells the twin from the original."""
    picture = scene()
    other = twin(picture, [Redaction(FACE, Kind.FACE, RedactionMethod.BLUR)], chance())
    one, another = (cv2.GaussianBlur(view(each, FACE), (0, 0), 6) for each in (picture, other))
    assert not np.array_equal(one, another)


def test_nothing_is_left_of_what_a_fill_hides_and_a_grid_of_what_a_blur_does() -> None:
    large = Region(0, 0, 400, 400)
    assert bits_left([Redaction(large, Kind.FACE, RedactionMethod.FILL)]) == 0
    assert bits_left([Redaction(large, Kind.FACE, RedactionMethod.BLUR)]) == 2 * 3 * 2
    # Whatever was asked: text is filled.
    assert bits_left([Redaction(large, Kind.TEXT, RedactionMethod.BLUR)]) == 0
