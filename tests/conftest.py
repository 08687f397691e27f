"""Fixtures that tests of all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.detection.models import ModelStore
from gateway.settings import models_folder


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The real model files, verified. `privgate models fetch` brings them; `make test` does so first."""
    store = ModelStore(models_folder(os.environ))
    store.verify()
    return store


ROOT = Path(__file__).parent

TOGETHER = {
    "journeys/test_up.py": "up",
    "journeys/test_readme_tour.py": "up",  # on the README's port, which one at a time can have
}
"""Files that share what a session makes once, and their group; every other file is a group of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for a run of several processes (`--dist loadgroup`); journeys, the longest, come first."""
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        group = "console" if path.startswith("journeys/console/") else TOGETHER.get(path, path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: not item.path.is_relative_to(ROOT / "journeys"))
