"""The JSON file of a bench run: for other programs, and for a later run to be compared to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gateway.bench.change import Judgement
from gateway.bench.compare import Comparison, Verdicts
from gateway.bench.errors import InvalidResults
from gateway.bench.profile import REST, Step, profile
from gateway.bench.run import Made, Run, Scored
from gateway.bench.summary import Summary, summarize
from gateway.bench.sweep import Swept

FORMAT = "privgate-bench/1"


@dataclass(frozen=True)
class Results:
    """All that one call of the bench found. runs: the first is the one that the page is about; then the same
    policy at its own thresholds where others were chosen, and the other tool. facts: on what, when.
    through_gateway: what some of the images cost on their way through the whole gateway, where asked for."""

    facts: Mapping[str, object]
    runs: tuple[Run, ...]
    comparisons: tuple[Comparison, ...]
    swept: tuple[Swept, ...]
    through_gateway: tuple[Made, ...] = ()

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        return tuple(summarize(run) for run in self.runs)

    @property
    def steps(self) -> list[Step]:
        """Where the time of the first run went."""
        return profile([image.made for image in self.runs[0].images])

    @property
    def gateway_steps(self) -> list[Step]:
        return profile(self.through_gateway, REST)


def to_document(results: Results) -> dict[str, Any]:
    """The results as JSON says them. Names of files are in it, images are not."""
    return {
        "format": FORMAT,
        "facts": dict(results.facts),
        "runs": [_run(*one) for one in zip(results.runs, results.summaries, strict=True)],
        "comparisons": [asdict(one) for one in results.comparisons],
        "sweep": [asdict(one) for one in results.swept],
        "profile": [asdict(step) for step in results.steps],
        "gateway_profile": [asdict(step) for step in results.gateway_steps],
    }


def _run(run: Run, summary: Summary) -> dict[str, Any]:
    return {
        "title": run.title,
        "facts": dict(run.facts),
        "bars": {kind.value: asdict(bar) for kind, bar in run.bars.items()},
        "seconds_an_image": run.seconds_an_image,
        "started_seconds": run.started,
        "jobs": run.jobs,
        "peak_bytes": {"worker": run.worker_peak, "decoder": run.decoder_peak},
        "summary": asdict(summary),
        "images": [_image(image) for image in run.images],
    }


def _image(image: Scored) -> dict[str, Any]:
    made, score = image.made, image.score
    return {
        "name": made.name,
        "source": score.source,
        "state": made.state.value,
        "reason": made.reason,
        "failure": score.failure,
        "seconds": round(made.seconds, 4),
        "over": score.over,
        "outside": score.outside,
        "boxes": [
            {
                "id": box.number,
                "kind": box.kind.value,
                "height": box.height,
                "changed": round(box.changed, 4),
                "detail": None if box.detail is None else round(box.detail, 4),
                "judgement": box.judgement.value,
            }
            for box in score.boxes
        ],
    }


def read_verdicts(path: Path) -> Verdicts:
    """Of the first run of a result file. Raises InvalidResults."""
    try:
        document = json.loads(path.read_bytes())
        if document["format"] != FORMAT:
            raise InvalidResults(f"{path}: a result file of format {document['format']}, not {FORMAT}")
        run = document["runs"][0]
        leaked = {
            (str(image["name"]), int(box["id"])): Judgement(box["judgement"]) is Judgement.LEAKED
            for image in run["images"]
            for box in image["boxes"]
        }
        return Verdicts(f"{run['title']} ({path.name})", leaked)
    except OSError as exc:
        raise InvalidResults(f"{path}: not readable ({exc.strerror})") from exc
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise InvalidResults(f"{path}: no result file of privgate bench --json") from exc
