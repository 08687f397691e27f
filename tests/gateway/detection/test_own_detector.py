"""An operator's model finds what it was made for in a real photo, and is fused like any other source."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.detection import ModelStore, Precision, load_detectors
from gateway.detection.own_trial import try_out
from gateway.detection.passes import Pixels
from gateway.errors import Misconfigured, MissingDetector, MissingModel
from gateway.own_models.entry import OutputFormat, OwnModel
from gateway.own_models.kept import accept
from policies.model import Detection, Effort, Kind, Region
from tests.support.blue_squares import COUNT, SIDE, WINDOW, described, network, painted
from tests.support.onnx_writer import Graph

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
# On the steps of the network's windows in a tile of the photo; no face is there.
SQUARE = Region(288, 96, 288 + WINDOW, 96 + WINDOW)
# A blue of 204 is a raw score of 0.6; with an operating point of 2/3 that is a normalised 0.45: doubtful.
DOUBTFUL_BLUE, STRICT = 204, 2 / 3

LAYOUTS = [
    (OutputFormat.YOLO_V5, True),
    (OutputFormat.YOLO_V8, True),
    (OutputFormat.BOXES, True),
    (OutputFormat.BOXES, False),
]


def entry_of(data: bytes, layout: OutputFormat = OutputFormat.YOLO_V8, **changed: Any) -> OwnModel:
    return OwnModel.model_validate(described(data, layout, **changed))


def added(store: ModelStore, data: bytes, entry: OwnModel) -> OwnModel:
    store.add(accept(entry, accepted=None, by="Jo", at=NOW), data)
    return entry


def found_by(
    store: ModelStore, pixels: Pixels, *names: str, effort: Effort = Effort.THOROUGH
) -> tuple[Detection, ...]:
    loaded = load_detectors(names, [], models=store, threads=1, precision=Precision.F32, effort=effort)
    return loaded.detect(pixels, [Kind.FACE])


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.mark.parametrize(("layout", "batched"), LAYOUTS)
def test_it_finds_the_square_in_the_photo(
    store: ModelStore, astronaut: Pixels, layout: OutputFormat, batched: bool
) -> None:
    data = network(layout, batched=batched)
    entry = entry_of(data, layout)
    try_out(data, entry, threads=1)
    added(store, data, entry)
    (one,) = found_by(store, painted(astronaut, SQUARE.x0, SQUARE.y0), "blue-squares")
    assert (one.region, one.source) == (SQUARE, "blue-squares")
    assert one.score > 0.9
    assert found_by(store, astronaut, "blue-squares") == ()


def test_two_that_agree_lift_a_doubt(store: ModelStore, astronaut: Pixels) -> None:
    for name, layout in (("blue-one", OutputFormat.YOLO_V8), ("blue-two", OutputFormat.YOLO_V5)):
        data = network(layout)
        added(store, data, entry_of(data, layout, name=name, operating_point=STRICT))
    photo = painted(astronaut, SQUARE.x0, SQUARE.y0, DOUBTFUL_BLUE)
    for alone in ("blue-one", "blue-two"):
        (one,) = found_by(store, photo, alone)
        assert one.score == pytest.approx(0.45, abs=0.01)
    (both,) = found_by(store, photo, "blue-one", "blue-two")
    assert both.region == SQUARE
    assert set(both.source.split("+")) == {"blue-one", "blue-two"}
    assert both.score == pytest.approx(1 - 0.55 * (1 - 0.45 / 2), abs=0.01)


def test_an_order_of_channels_that_is_not_its_own_blinds_it(store: ModelStore, astronaut: Pixels) -> None:
    """So the entry's word reaches the network."""
    data = network(OutputFormat.YOLO_V8)
    added(store, data, entry_of(data, input={"size": SIDE, "channels": "bgr"}))
    assert found_by(store, painted(astronaut, SQUARE.x0, SQUARE.y0), "blue-squares") == ()


def test_a_fast_policy_looks_at_the_first_pass_only(store: ModelStore, astronaut: Pixels) -> None:
    """In the small version the square is a quarter of a window."""
    data = network(OutputFormat.YOLO_V8)
    added(store, data, entry_of(data, passes=[SIDE, 4 * SIDE]))
    photo = painted(astronaut, SQUARE.x0, SQUARE.y0)
    assert found_by(store, photo, "blue-squares", effort=Effort.FAST) == ()
    assert [one.region for one in found_by(store, photo, "blue-squares")] == [SQUARE]


def test_reports_tell_the_file_and_how_it_is_run(store: ModelStore) -> None:
    data = network(OutputFormat.YOLO_V8)
    entry = added(store, data, entry_of(data))
    loaded = load_detectors(["blue-squares"], [], models=store, threads=1, precision=Precision.F32)
    assert loaded.digests == {
        "blue-squares": hashlib.sha256(data).hexdigest(),
        "blue-squares.entry": entry.digest,
    }


def test_a_file_that_changed_is_refused_at_load_time(store: ModelStore) -> None:
    data = network(OutputFormat.YOLO_V8)
    added(store, data, entry_of(data))
    path = store.folder / "own" / "blue-squares.onnx"
    path.write_bytes(network(OutputFormat.YOLO_V5))
    with pytest.raises(MissingModel, match=r"refused.*privgate models import FILE"):
        load_detectors(["blue-squares"], [], models=store, threads=1, precision=Precision.F32)
    with pytest.raises(MissingModel, match="blue-squares is wrong"):
        store.verify(["blue-squares"])
    path.unlink()
    with pytest.raises(MissingModel, match="blue-squares is absent"):
        store.read("blue-squares")
    brought = store.folder / "renamed.bin"
    brought.write_bytes(data)
    assert store.import_from(brought) == ("blue-squares",)
    assert store.read("blue-squares") == data


def test_where_it_is_missing_the_refusal_says_what_to_do(store: ModelStore) -> None:
    with pytest.raises(MissingDetector, match=r"no detector 'blue-squares'.*`privgate models add MANIFEST`"):
        load_detectors(["blue-squares"], [], models=store, threads=1, precision=Precision.F32)
    loaded = load_detectors([], ["blue-squares"], models=store, threads=1, precision=Precision.F32)
    assert "privgate models add" in loaded.absent["blue-squares"]


def test_a_name_of_the_manifest_is_not_free(store: ModelStore) -> None:
    data = network(OutputFormat.YOLO_V8)
    with pytest.raises(MissingModel, match="clp-det is the name of a model of the manifest"):
        added(store, data, entry_of(data, name="clp-det"))


# --- tried before it is taken


def refusal(data: bytes, entry: OwnModel) -> str:
    with pytest.raises(Misconfigured) as refused:
        try_out(data, entry, threads=1)
    assert "Nothing was added" in str(refused.value)
    return str(refused.value)


def test_a_file_that_is_no_network_is_refused() -> None:
    data = b"\x08\x08no network"
    assert "cannot be read as ONNX" in refusal(data, entry_of(data))


def test_another_input_size_is_told() -> None:
    data = network(OutputFormat.YOLO_V8)
    told = refusal(data, entry_of(data, input={"size": 64}))
    assert "[1,3,128,128]" in told
    assert "input.size says (1, 3, 64, 64)" in told


def test_another_layout_than_the_entrys_is_told() -> None:
    data = network(OutputFormat.YOLO_V5)
    told = refusal(data, entry_of(data, OutputFormat.YOLO_V8))
    assert f"(1, {COUNT}, 6)" in told
    assert "that is yolo-v5: mend output.format" in told


def test_a_network_with_two_inputs_is_refused() -> None:
    graph = Graph()
    for name in ("images", "more"):
        graph.input(name, (1, 3, SIDE, SIDE))
    graph.node("Add", ["images", "more"], "sum")
    graph.output("sum", (1, 3, SIDE, SIDE))
    data = graph.to_bytes()
    assert "it has 2 inputs" in refusal(data, entry_of(data))


def test_an_input_of_any_size_is_run_at_the_entrys() -> None:
    """Most exports with dynamic axes are such."""
    graph = Graph()
    pixels = graph.input("images", (1, 3, "height", "width"))
    graph.node("Relu", [pixels], "seen")
    graph.output("seen", (1, 3, "height", "width"))
    data = graph.to_bytes()
    assert f"(1, 3, {SIDE}, {SIDE})" in refusal(data, entry_of(data))
