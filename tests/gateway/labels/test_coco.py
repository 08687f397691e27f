"""COCO in: what is taken, what is refused and where, and that nothing else is kept."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.labels.coco import MAX_FAULTS, InvalidLabels, from_text, parse_labels, to_annotation, to_text
from gateway.labels.model import Box, Category, Label, Landmark, Trait, Visibility
from policies.model import Size

SIZE: Final = Size(100, 60)
EYES: Final = ("left eye", "right eye", "nose")
SET: Final = [Category(1, "car"), Category(2, "person", None, EYES)]
GOOD: Final[dict[str, Any]] = {"id": 4, "category_id": 1, "bbox": [10, 20, 30, 40]}


def parse(*annotations: object, **members: object) -> tuple[Label, ...]:
    return parse_labels({"annotations": list(annotations), **members}, size=SIZE, categories=SET).labels


def faults(document: object) -> dict[str, str]:
    with pytest.raises(InvalidLabels) as caught:
        parse_labels(document, size=SIZE, categories=SET)
    return {fault["place"]: fault["fault"] for fault in caught.value.faults}


def test_a_box_and_a_polygon_become_labels() -> None:
    polygon = {"id": 5, "category_id": 2, "segmentation": [[0, 0, 100, 0, 100, 60]]}
    assert parse(GOOD, polygon) == (
        Label(4, 1, Box(10, 20, 30, 40)),
        Label(5, 2, Box(0, 0, 100, 60), ((0, 0, 100, 0, 100, 60),)),
    )


def test_landmarks_become_points_of_the_object_in_the_order_of_their_names() -> None:
    (label,) = parse({"id": 1, "category_id": 2, "keypoints": [10.5, 20, 2, 0, 0, 0, 30, 44, 1]})
    assert label.landmarks == (
        Landmark(10.5, 20),
        Landmark(0, 0, Visibility.ABSENT),
        Landmark(30, 44, Visibility.COVERED),
    )
    assert label.box == Box(10.5, 20, 19.5, 24)  # around those that are placed
    annotation = to_annotation(label)
    assert annotation["keypoints"] == [10.5, 20, 2, 0, 0, 0, 30, 44, 1]
    assert annotation["num_keypoints"] == 2


def test_one_landmark_alone_has_a_box_without_sides_and_is_taken_again() -> None:
    (label,) = parse({"id": 1, "category_id": 2, "keypoints": [0, 0, 0, 0, 0, 0, 30.5, 44.5, 2]})
    assert label.box == Box(30.5, 44.5, 0, 0)
    assert parse(to_annotation(label)) == (label,)


def test_a_person_may_have_a_box_and_landmarks_and_landmarks_not_placed_are_none() -> None:
    given = GOOD | {"category_id": 2, "keypoints": [11, 21, 2] * 3}
    assert parse(given)[0].box == Box(10, 20, 30, 40)
    assert parse(GOOD | {"category_id": 2, "keypoints": [0] * 9, "num_keypoints": 0})[0].landmarks == ()


def test_of_the_attributes_those_that_we_know_are_kept() -> None:
    (label,) = parse(GOOD | {"attributes": {"occluded": True, "truncated": False}})
    assert label.traits == {Trait.OCCLUDED}
    assert to_annotation(label)["attributes"] == {"truncated": False, "occluded": True}
    assert "attributes" not in to_annotation(parse(GOOD)[0])


def test_the_area_is_of_the_polygons_not_of_the_box() -> None:
    (label,) = parse(
        {"id": 1, "category_id": 1, "segmentation": [[0, 0, 10, 0, 0, 10], [20, 20, 30, 20, 30, 30]]}
    )
    assert label.area == 100
    assert label.box == Box(0, 0, 30, 30)


def test_rounding_at_the_edge_is_put_onto_the_edge() -> None:
    (label,) = parse(GOOD | {"bbox": [-0.004, 0, 100.008, 60.009]})
    assert label.box == Box(0, 0, 100, 60)


BAD: Final[list[tuple[dict[str, Any], str]]] = [
    ({"bbox": [-1, 0, 10, 10]}, "bbox"),
    ({"bbox": [95, 0, 10, 10]}, "bbox"),
    ({"bbox": [0, 0, 10, 60.02]}, "bbox"),
    ({"bbox": [0, 0, 0, 10]}, "bbox"),
    ({"bbox": [0, 0, -5, 10]}, "bbox"),
    ({"bbox": [0, 0, 10]}, "bbox"),
    ({"bbox": [0, 0, 10, True]}, "bbox"),
    ({"bbox": [0, 0, 10, "10"]}, "bbox"),
    ({"bbox": [0, 0, 10, float("nan")]}, "bbox"),
    ({"bbox": [0, 0, 10, float("inf")]}, "bbox"),
    ({"bbox": [0, 0, 10, 10**400]}, "bbox"),
    ({"bbox": None}, "bbox"),
    ({"bbox": {"x": 1}}, "bbox"),
    ({"id": -1}, "id"),
    ({"id": 1.0}, "id"),
    ({"id": True}, "id"),
    ({"id": 2**53}, "id"),
    ({"category_id": 3}, "category_id"),
    ({"category_id": "1"}, "category_id"),
    ({"category_id": [1]}, "category_id"),
    ({"iscrowd": 1}, "iscrowd"),
    ({"segmentation": {"counts": "…", "size": [60, 100]}}, "segmentation"),
    ({"segmentation": [[0, 0, 10, 10]]}, "segmentation[0]"),
    ({"segmentation": [[0, 0, 10, 10, 20]]}, "segmentation[0]"),
    ({"segmentation": [[0, 0, 10, 10, 20, 20]]}, "segmentation[0]"),
    ({"segmentation": [[0, 0, 10, 10, 20, 61]]}, "segmentation[0][5]"),
    ({"segmentation": [[10, 20, 40, 20, 40, 60], [0, "a", 1, 1, 1, 0]]}, "segmentation[1][1]"),
    ({"segmentation": [[50, 20, 80, 20, 80, 60]]}, "bbox"),
    ({"keypoints": [1, 1, 2] * 3}, "keypoints"),  # this class names none
    ({"category_id": 2, "keypoints": [1, 1, 2]}, "keypoints"),
    ({"category_id": 2, "keypoints": {"nose": [1, 1]}}, "keypoints"),
    ({"category_id": 2, "keypoints": [1, 1, 3] * 3}, "keypoints"),
    ({"category_id": 2, "keypoints": [1, 1, 2.0] * 3}, "keypoints"),
    ({"category_id": 2, "keypoints": [101, 1, 2] * 3}, "keypoints"),
    ({"category_id": 2, "keypoints": [1, "1", 2] * 3}, "keypoints"),
    ({"attributes": {"occluded": 1}}, "attributes.occluded"),
    ({"attributes": ["occluded"]}, "attributes"),
]


@pytest.mark.parametrize(("change", "field"), BAD)
def test_a_fault_is_named_by_index_and_field(change: dict[str, Any], field: str) -> None:
    document = {"annotations": [GOOD | {"id": 0}, GOOD | change]}
    assert f"annotations[1].{field}" in faults(document)
    assert not any(place.startswith("annotations[0]") for place in faults(document))


def test_documents_that_are_none_or_speak_of_another_image() -> None:
    nothing: list[object] = [None, [], "x", 3]
    assert all(faults(document) for document in nothing)
    assert "annotations" in faults({})
    assert "annotations" in faults({"annotations": {}})
    assert "annotations[0]" in faults({"annotations": [7]})
    assert "images" in faults({"annotations": [], "images": []})
    assert "images" in faults({"annotations": [], "images": [{"id": 1}, {"id": 2}]})
    assert "images[0].width" in faults({"annotations": [], "images": [{"id": 1, "width": 640}]})
    assert "images[0].id" in faults({"annotations": [], "images": [{}]})
    wrong_image = {"images": [{"id": 1}], "annotations": [GOOD | {"image_id": 2}]}
    assert "annotations[0].image_id" in faults(wrong_image)
    assert "annotations[1].id" in faults({"annotations": [GOOD, GOOD]})
    assert "categories[0].name" in faults({"annotations": [], "categories": [{"id": 1, "name": "lorry"}]})
    assert "categories[0].id" in faults({"annotations": [], "categories": [{"id": 9, "name": "lorry"}]})


def test_many_faults_are_counted_and_the_first_are_named() -> None:
    with pytest.raises(InvalidLabels, match=r"and 199 more") as caught:
        parse(*[GOOD | {"id": number, "category_id": 9} for number in range(200)])
    assert len(caught.value.faults) == MAX_FAULTS


def test_an_image_in_which_nothing_is_seen_is_a_submission_too() -> None:
    assert parse() == ()


def test_what_is_not_kept_is_named_and_its_content_is_nowhere() -> None:
    secret = "Jane Doe, 1961"
    document = {
        "info": {"contributor": secret},
        "images": [{"id": 1, "file_name": secret, "width": 100, "height": 60}],
        "annotations": [GOOD | {"image_id": 1, "attributes": {"name": secret}, "area": 3}],
    }
    submitted = parse_labels(document, size=SIZE, categories=SET)
    assert submitted.ignored == ("annotations[].attributes.name", "images[].file_name", "info")
    assert secret not in to_text(submitted.labels)
    assert submitted.labels[0].area == 1200


@st.composite
def drawn_annotations(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in draw(st.lists(st.integers(0, 10**6), max_size=5, unique=True)):
        x, y = draw(st.floats(0, 90)), draw(st.floats(0, 50))
        width, height = draw(st.floats(0.1, 100 - x)), draw(st.floats(0.1, 60 - y))
        shape: dict[str, Any] = {"bbox": [x, y, width, height]}
        if draw(st.booleans()):
            shape = {"segmentation": [[x, y, x + width, y, x + width, y + height]]}
        if draw(st.booleans()):
            shape |= {"attributes": {"truncated": draw(st.booleans())}}
        category = draw(st.sampled_from([1, 2]))
        if category == 2 and draw(st.booleans()):
            points = [(x, y, 2), (0, 0, 0), (x + width, y + height, draw(st.sampled_from([0, 1])))]
            shape |= {"keypoints": [value for point in points for value in point]}
            if draw(st.booleans()):
                shape.pop("bbox", None)
        found.append({"id": number, "category_id": category} | shape)
    return found


@given(drawn_annotations())
def test_text_inverts_and_what_is_kept_is_taken_again_unchanged(found: list[dict[str, Any]]) -> None:
    labels = parse(*found)
    assert from_text(to_text(labels)) == labels
    assert parse(*[to_annotation(label) for label in labels]) == labels
    for label in labels:
        assert label.box.x >= 0
        assert label.box.right <= 100 + 1e-6
        assert label.box.bottom <= 60 + 1e-6


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "bbox", "annotations", "images", "segmentation", "category_id", "categories"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_it_is_labels_or_a_refusal(document: Any) -> None:
    try:
        submitted = parse_labels(document, size=SIZE, categories=SET)
    except InvalidLabels as refusal:
        places = [fault["place"] for fault in refusal.faults]
        assert json.dumps(places) != "[]"
    else:
        assert isinstance(document["annotations"], list)
        assert len(submitted.labels) == len(document["annotations"])
