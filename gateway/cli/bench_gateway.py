"""The whole gateway's path for `privgate bench --profile`: what sealing and recording add to detection.

    intake.seal  intake.blob  intake.row     the bytes sealed, put durably, the asset's row and entry
    open  decode  detect … check             what a worker does with an original
    put  settle                              the copy sealed and put; its row, state and entry

Real services on an installation of its own that is gone afterwards, in a process of its own, one image after
the other. Not in it: HTTP on the way in, the queue, and signing the log's checkpoints.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.bench.annotations import LabelledImage
from gateway.bench.product import Machine
from gateway.bench.run import Made, State
from gateway.native_noise import only_our_words
from policies.lifecycle import AssetState
from policies.policy import Policy

IMAGES = 24
"""That many tell the shares to a point or two; the other figures of a run are of all its images."""

_STATES = {AssetState.RELEASED: State.RELEASED, AssetState.NEEDS_REVIEW: State.HELD}


def through_gateway(images: Sequence[LabelledImage], policy: Policy, machine: Machine) -> list[Made]:
    """What each image cost on its way through. Raises Misconfigured, VaultError, LedgerUnavailable."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=only_our_words) as pool:
        return pool.submit(_through, list(images), policy, machine).result()


def _through(images: list[LabelledImage], policy: Policy, machine: Machine) -> list[Made]:
    # Imported here: the parent does without SQL and the detectors' libraries.
    from gateway.cli.bench_installation import Installation

    os.umask(0o077)
    with (
        TemporaryDirectory(prefix="privgate-bench-") as folder,
        Installation(Path(folder), policy, machine.models, threads=machine.threads) as installation,
    ):
        made = []
        for image in images:
            state, usage = installation.take(image.path.read_bytes())
            made.append(
                Made(
                    name=image.name,
                    output=image.path if state in _STATES else None,
                    state=_STATES.get(state, State.REFUSED),
                    reason=None,
                    seconds=usage.milliseconds / 1000,
                    stages=usage.stages,
                    detectors=usage.detectors,
                    worker_peak=usage.worker_peak,
                    decoder_peak=usage.decoder_peak,
                )
            )
        return made
