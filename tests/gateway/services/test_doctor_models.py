"""What `privgate doctor` says of an operator's models, and of policies that name one that is not here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gateway.detection.models import ModelStore
from gateway.own_models.entry import OutputFormat, OwnModel
from gateway.own_models.kept import KnownDetectors, accept
from gateway.services.doctor.models import detectors, models
from gateway.services.findings import Finding, Level
from gateway.store.database import Database
from gateway.store.queries import datasets
from policies.policy import Policy
from tests.gateway.store.rows import NOW, OFFICER, seed
from tests.support.blue_squares import described, network

POLICY = "{name: own, rules: [{kind: face, method: fill, detectors: [blue-squares]}]}"


def with_model(folder: Path) -> ModelStore:
    data, store = network(OutputFormat.YOLO_V8), ModelStore(folder, manifest=[])
    entry = OwnModel.model_validate(described(data))
    store.add(accept(entry, accepted=None, by="Jo", at=datetime(2031, 5, 1, tzinfo=UTC)), data)
    return store


def the(store: ModelStore) -> Finding:
    (found,) = models(store)
    return found


def test_a_model_of_ones_own_is_looked_at_like_any_other(tmp_path: Path) -> None:
    store = with_model(tmp_path)
    assert the(store).message.startswith("blue-squares, own, added 2031-05-01 by Jo, SHA-256 ")
    file = store.folder / "own" / "blue-squares.onnx"
    file.write_bytes(b"another")
    assert (the(store).level, "is not the manifest's" in the(store).message) == (Level.BROKEN, True)
    assert "privgate models remove blue-squares" in str(the(store).remedy)
    (store.folder / "own" / "blue-squares.json").write_text("{}")
    assert the(store).level is Level.BROKEN
    assert "the entry of your model blue-squares cannot be used" in the(store).message


def test_a_policy_that_names_a_detector_which_is_not_here(database: Database, tmp_path: Path) -> None:
    seed(database)
    (found,) = detectors(KnownDetectors(tmp_path), database)
    assert found.level is Level.FINE
    with database.unit() as unit:
        policy = Policy.parse(POLICY)
        datasets.add(unit.session, dataset_id="own", name="own", policy=policy, created_by=OFFICER, now=NOW)
    (found,) = detectors(KnownDetectors(tmp_path), database)
    assert found.level is Level.BROKEN
    assert "names the detector blue-squares, which is not on this machine" in found.message
    assert "privgate models add" in str(found.remedy)
    with_model(tmp_path)
    (found,) = detectors(KnownDetectors(tmp_path), database)
    assert found.level is Level.FINE
