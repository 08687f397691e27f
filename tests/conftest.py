"""Fixtures that tests of all rooms share."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from gateway.detection.models import ModelStore
from gateway.settings import models_folder

# Laws hold on a busy machine too: no example fails for the time that it took.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The real model files, verified. `privgate models fetch` brings them; `make test` does so first."""
    store = ModelStore(models_folder(os.environ))
    store.verify()
    return store
