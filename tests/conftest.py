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


LONG = (
    # of the journeys
    "test_api_fuzz",
    "test_kills",
    "test_up",
    "test_policy_kills",
    "test_review_kills",
    "test_server_roles",
    "test_backup_at_work",
    "test_ingest_under_kills",
    "test_postgres",
    "test_webhooks",
    "test_resumable",
    "test_ingest",
    # of the others
    "test_backup",
    "test_anonymize_stopping",
    "test_detectors",
    "test_doctor",
    "test_anonymize_outputs",
    "test_faults",
    "test_bench",
    "test_log_checks",
    "test_reviews",
    "test_sandbox",
)
"""Files that take longest. Dealt out first, none of them is what all others wait for at the end. `make test`
tells xdist to leave this order: by itself it deals out first what has the most tests, and one test may take
longer than a hundred."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def model_store() -> ModelStore:
    """The real model files, verified. `privgate models fetch` brings them; `make test` does so first."""
    store = ModelStore(models_folder(os.environ))
    store.verify()
    return store
