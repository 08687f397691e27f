"""Runs that are scored: our own path, and another tool's, over the same images and by the same bars.

Scoring begins when all is written, so that it takes no time from what is timed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from gateway.bench.annotations import LabelledImage
from gateway.bench.change import Bar
from gateway.bench.code import code_digest
from gateway.bench.peer import Peer
from gateway.bench.product import Batch, Machine, Tell, anonymize_all
from gateway.bench.run import Made, Run, Scored
from gateway.bench.score import ImageScore, score_file
from gateway.version import VERSION
from policies.model import Kind
from policies.policy import Policy


def measure_product(
    images: Sequence[LabelledImage],
    policy: Policy,
    bars: Mapping[Kind, Bar],
    out: Path,
    machine: Machine,
    tell: Tell,
    *,
    title: str,
) -> Run:
    """Raises Misconfigured, BenchError."""
    batch = anonymize_all(images, policy, out, machine, tell)
    return Run(
        title=title,
        facts=_facts(batch, policy, machine),
        bars=bars,
        images=scored(images, batch.made, bars),
        jobs=machine.jobs,
        elapsed=batch.elapsed,
        timed=batch.timed,
        started=batch.started if batch.timed else None,
    )


def measure_peer(
    images: Sequence[LabelledImage],
    peer: Peer,
    bars: Mapping[Kind, Bar],
    out: Path,
    jobs: int,
    tell: Tell,
) -> Run:
    """Raises PeerUnusable."""
    batch = peer.run_all(images, out, jobs, tell)
    return Run(
        title=peer.title,
        facts={"command": peer.command, "runs": "once for all" if peer.once else "once an image"},
        bars=bars,
        images=scored(images, batch.made, bars),
        jobs=1 if peer.once else jobs,
        elapsed=batch.elapsed,
        timed=len(images),
        started=None,
    )


def scored(
    images: Sequence[LabelledImage], made: Sequence[Made], bars: Mapping[Kind, Bar]
) -> tuple[Scored, ...]:
    """Each image with its score, in their order."""

    def score(pair: tuple[LabelledImage, Made]) -> ImageScore:
        return score_file(pair[0], pair[1].output, bars)

    # Threads: the pixels are compared outside Python's lock.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        scores = list(pool.map(score, zip(images, made, strict=True)))
    return tuple(Scored(one, score) for one, score in zip(made, scores, strict=True))


def machine_facts(now: datetime) -> dict[str, object]:
    """When and on what."""
    names = (
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        if line.startswith("model name")
    )
    return {
        "date": now.isoformat(timespec="seconds"),
        "processor": next(names, "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "product": VERSION,
        "code": code_digest(),
    }


def _facts(batch: Batch, policy: Policy, machine: Machine) -> dict[str, object]:
    return {
        "policy": policy.name,
        "policy version": policy.version,
        "methods": {rule.kind.value: rule.method.value for rule in policy.rules},
        "thresholds": {rule.kind.value: [rule.hide, rule.review] for rule in policy.rules},
        "models": dict(batch.facts.models),
        "absent": list(batch.facts.absent),
        "precision": batch.facts.precision,
        "workers": machine.jobs,
        "threads each": machine.threads,
    }
