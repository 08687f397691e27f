"""Fixtures that tests of all rooms share."""

from __future__ import annotations

import os

import pytest

from gateway.detection.models import ModelStore
from gateway.settings import models_folder


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The real model files, verified. `privgate models fetch` brings them; `make test` does so first."""
    store = ModelStore(models_folder(os.environ))
    store.verify()
    return store
