"""Fixtures that tests of all rooms share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from gateway.detection.models import ModelStore
from gateway.settings import models_folder

# Laws hold on a busy machine too: no example fails for the time that it took.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


# A suite that a shell runs in the background inherits that Ctrl-C is ignored, and would hand it on to every
# process that it starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The real model files, verified. `privgate models fetch` brings them; `make test` does so first."""
    store = ModelStore(models_folder(os.environ))
    store.verify()
    return store
