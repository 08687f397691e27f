"""One installation for the journeys that leave it as it was: a worker takes seconds to start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from gateway.detection.models import ModelStore
from tests.support.gateway import Installation, Person, create_dataset, running, start_up
from tests.support.pictures import photo
from tests.support.processes import Process, no_orphans


@dataclass(frozen=True)
class House:
    """The shared installation, one person a role, and a dataset under `street`."""

    installation: Installation
    officer: Person
    uploader: Person
    annotator: Person
    auditor: Person
    reviewer: Person
    operator: Person
    dataset: str


@pytest.fixture(scope="session", autouse=True)
def _no_orphans() -> Iterator[None]:
    with no_orphans():
        yield


@pytest.fixture(scope="session")
def astronaut(model_store: ModelStore) -> Image.Image:
    """A real photo with one face, 512x512: Eileen Collins, NASA, public domain."""
    return photo(model_store.path("astronaut"))


@pytest.fixture
def apart(tmp_path: Path, model_store: ModelStore) -> Iterator[Installation]:
    """An installation of a test's own, with nothing started."""
    installation = Installation(tmp_path / "own", model_store.folder)
    yield installation
    installation.stop()


README_PORT = 8080
"""Where the README's tour looks for the gateway."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Installation]:
    """Where `up` runs; on the README's port if nobody else is there."""
    installation = Installation(tmp_path_factory.mktemp("up"), model_store.folder)
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", README_PORT))
        installation.port = README_PORT
    yield installation
    installation.stop()


@pytest.fixture(scope="session")
def up(place: Installation) -> Process:
    """`privgate up --demo`, from nothing. The journeys of `up` itself stand last and end it."""
    return start_up(place, "--demo")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[House]:
    installation = Installation(tmp_path_factory.mktemp("house"), model_store.folder)
    for started in running(installation):
        people = {"officer": started.issue("officer", name="Olga Officer")}
        for role in ("uploader", "annotator", "auditor", "reviewer", "operator"):
            people[role] = started.enrol(role)
        yield House(started, dataset=create_dataset(people["officer"], "crossing"), **people)
