"""Thirty images while workers are killed: nothing is lost. The bench does the same with a thousand."""

from __future__ import annotations

from pathlib import Path

from gateway.detection.models import ModelStore
from tests.bench.bench_ingest import run


def test_nothing_is_lost_while_workers_are_killed(tmp_path: Path, model_store: ModelStore) -> None:
    result = run(tmp_path, model_store.folder, images=30, kills=2)
    assert sum(result.states.values()) == result.copies == 30
    assert result.server_peak_mib > 0
    assert result.worker_peak_mib > 0
