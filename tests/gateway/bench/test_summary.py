"""Figures of a run with known answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.bench.profile import READ_AND_WRITE, REST, of_detection, profile
from gateway.bench.run import State, unlike_labels
from gateway.bench.summary import height_of, misses, summarize
from policies.model import Size
from tests.gateway.bench.labelled import image, run_of


def test_shares_by_kind_image_and_state() -> None:
    run = run_of("run", {"a/1": "cccb", "a/2": "cccc", "b/3": "ll", "b/4": ""})
    held = replace(run.images[2], made=replace(run.images[2].made, state=State.HELD))
    found = summarize(replace(run, images=(*run.images[:2], held, run.images[3])))
    (faces,) = found.kinds
    assert (faces.all.count, faces.all.covered.value, faces.all.hidden.value) == (10, 0.7, 0.8)
    assert list(faces.by_height) == ["16 to 32"]
    assert {source: boxes.covered.part for source, boxes in found.by_source.items()} == {"a": 7, "b": 0}
    # Of the three images that have boxes.
    assert (found.perfect.part, found.perfect_hidden.part, found.perfect.whole) == (1, 2, 3)
    assert found.released.value == 0.75
    assert (found.let_go.count, found.let_go.hidden.value) == (8, 1.0)


def test_over_redaction_is_a_mean_over_images_and_a_share_of_all_pixels() -> None:
    run = run_of("run", {"a/1": "c", "a/2": "c", "a/3": "l"})
    first, second, third = run.images
    images = (
        replace(first, score=replace(first.score, over=10, outside=100)),
        replace(second, score=replace(second.score, over=0, outside=900)),
        replace(third, score=replace(third.score, over=0, outside=0, failure="no output")),
    )
    found = summarize(replace(run, images=images))
    assert found.over.value == pytest.approx(0.05)
    assert found.over_pooled == pytest.approx(0.01)
    assert found.failed == 1


def test_times_are_told_by_mean_median_and_tail() -> None:
    run = run_of("run", {f"a/{n}": "c" for n in range(20)})
    slow = replace(run.images[19], made=replace(run.images[19].made, seconds=21.0))
    found = summarize(replace(run, images=(*run.images[:19], slow)))
    assert (found.seconds.value, found.seconds_median, found.seconds_95) == (2.0, 1.0, 1.0)


def test_images_of_another_size_than_their_labels_say_are_counted() -> None:
    """As of labels that were drawn on the image as it lies in its file."""
    run = run_of("run", {"a/right": "c", "a/turned": "c", "a/unsaid": "c"})
    sized = [replace(one, made=replace(one.made, size=Size(30, 20))) for one in run.images]
    labels = [
        replace(image("a/right"), size=(30, 20)),
        replace(image("a/turned"), size=(20, 30)),
        image("a/unsaid"),
    ]
    assert unlike_labels(labels, replace(run, images=tuple(sized))) == 1


def test_heights_are_half_open() -> None:
    box = run_of("run", {"a/1": "c"}).images[0].score.boxes[0]
    edges = {
        height: height_of(replace(box, height=height)) for height in (15.9, 16, 31.9, 32, 64, 127, 128, 4000)
    }
    names = ["under 16", "16 to 32", "16 to 32", "32 to 64", "64 to 128", "64 to 128"]
    assert list(edges.values()) == [*names, "128 and more", "128 and more"]


def test_the_largest_misses_come_first() -> None:
    run = run_of("run", {"a/1": "cl", "a/2": "b"})
    taller = replace(run.images[1].score.boxes[0], height=300.0)
    second = replace(run.images[1], score=replace(run.images[1].score, boxes=(taller,)))
    found = misses([run.images[0], second])
    assert [(image.made.name, box.height) for image, box in found] == [("a/2", 300.0), ("a/1", 20.0)]


def test_the_parts_of_the_time_add_up_to_all_of_it() -> None:
    made = [
        replace(
            image.made,
            seconds=1.0,
            stages={"encode": 100.0, "decode": 50.0, "detect": 700.0},
            detectors={"detect/quick": 90.0, "detect/slow": 600.0},
        )
        for image in run_of("run", {"a/1": "c", "a/2": "c"}).images
    ]
    steps = profile([*made, replace(made[0], output=None, seconds=99.0)])
    assert [step.name for step in steps] == ["decode", "detect", "slow", "quick", "encode", READ_AND_WRITE]
    assert sum(step.share for step in steps if step.part_of is None) == pytest.approx(1)
    assert [step.milliseconds for step in steps] == pytest.approx([50, 700, 600, 90, 100, 150])
    assert {step.name: step.part_of for step in steps}["slow"] == "detect"
    assert of_detection(steps) == pytest.approx(0.7)
    assert profile(made, REST)[-1].name == REST


def test_without_stages_there_is_no_profile() -> None:
    assert profile([image.made for image in run_of("run", {"a/1": "c"}).images]) == []
    assert of_detection([]) is None
