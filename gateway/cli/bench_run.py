"""The runs that one call of `privgate bench` makes, in order, and what they are compared to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.bench.annotations import LabelledImage, check_present
from gateway.bench.change import Bar
from gateway.bench.compare import Comparison, Verdicts, compare, verdicts
from gateway.bench.errors import BenchError, InvalidResults
from gateway.bench.measure import machine_facts, measure_peer, measure_product
from gateway.bench.peer import Peer
from gateway.bench.product import Machine, anonymize_all
from gateway.bench.results import Results
from gateway.bench.run import Made, Run, unlike_labels
from gateway.bench.sample import Half, sampled
from gateway.bench.sweep import Swept, floored, sweep, with_hide
from gateway.cli.bench_gateway import IMAGES, through_gateway
from policies.model import Kind
from policies.policy import Policy

Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""What is being done and how many images there are -> what is to be called after each."""


UNLIKE = "images of another size than the annotations say"
"""The name of a fact that is there where it is not 0."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, checked. ceiling: of over-redaction, where thresholds shall be chosen; None where
    not. earlier: what the run is compared to. profile: whether some images go through the gateway too."""

    images: list[LabelledImage]
    policy: Policy
    bars: Mapping[Kind, Bar]
    machine: Machine
    peer: Peer | None
    earlier: Verdicts | None
    ceiling: float | None
    profile: bool
    facts: Mapping[str, object]


def carry_out(order: Order, keep: Path | None, progress: Progress) -> Results:
    """All runs, one after the other, so that none takes time from another. keep: where the copies stay.

    Raises BenchError, Misconfigured.
    """
    if order.earlier is not None and not order.earlier.images & {image.name for image in order.images}:
        raise InvalidResults("the run to compare with looked at none of these images")
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(TemporaryDirectory(prefix="privgate-bench-")))
        bench = _Bench(order, folder, progress)
        # The other tool first: if it does not run, that is known before hours were spent.
        other = [] if order.peer is None else [bench.against(order.peer)]
        swept: list[Swept] = []
        if order.ceiling is None:
            runs = [bench.product(order.images, order.policy, "product", f"privgate {order.policy.name}")]
        else:
            swept, runs = bench.swept(order.ceiling)
        runs += other
        through = bench.through_gateway(runs[0]) if order.profile else []
    facts: dict[str, object] = {**machine_facts(datetime.now(UTC)), **order.facts}
    if order.ceiling is not None:
        facts |= {"ceiling": order.ceiling, "reported on": len(bench.reported)}
    if turned := unlike_labels(bench.reported, runs[0]):
        facts[UNLIKE] = turned
    return Results(facts, tuple(runs), tuple(_comparisons(runs, order.earlier)), tuple(swept), tuple(through))


class _Bench:
    """The folder of one call, and the runs in it."""

    def __init__(self, order: Order, folder: Path, progress: Progress) -> None:
        self._order, self._folder, self._progress = order, folder, progress
        halved = order.ceiling is not None
        self.reported = sampled(order.images, Half.REPORT, None) if halved else order.images
        check_present(self.reported)

    def product(self, images: list[LabelledImage], policy: Policy, name: str, title: str) -> Run:
        with self._progress(title, len(images)) as tell:
            return measure_product(
                images, policy, self._order.bars, self._folder / name, self._order.machine, tell, title=title
            )

    def swept(self, ceiling: float) -> tuple[list[Swept], list[Run]]:
        """Chooses on one half; on the other the policy with what was chosen, and as it stands."""
        order = self._order
        choosing = sampled(order.images, Half.CHOOSE, None)
        check_present(choosing)
        with self._progress("choosing thresholds", len(choosing)) as tell:
            batch = anonymize_all(
                choosing, floored(order.policy), self._folder / "choosing", order.machine, tell
            )
        found = sweep(choosing, batch.made, order.policy, order.bars, ceiling=ceiling)
        chosen = with_hide(order.policy, {one.kind: one.chosen for one in found})
        name = f"privgate {order.policy.name}"
        own = self.product(self.reported, order.policy, "product", name)
        if chosen.version == order.policy.version:
            return found, [own]
        return found, [self.product(self.reported, chosen, "chosen", f"{name}, chosen thresholds"), own]

    def against(self, peer: Peer) -> Run:
        with self._progress(peer.title, len(self.reported)) as tell:
            return measure_peer(
                self.reported,
                peer,
                self._order.bars,
                self._new_folder("other"),
                self._order.machine.jobs,
                tell,
            )

    def through_gateway(self, run: Run) -> list[Made]:
        """Some of the run's images once more. Those that were refused there are left out."""
        written = {one.made.name for one in run.images if one.made.output is not None}
        some = sampled([image for image in self.reported if image.name in written], Half.ALL, IMAGES)
        with self._progress("the whole gateway", 1) as tell:
            made = through_gateway(some, self._order.policy, self._order.machine) if some else []
            tell()
        return made

    def _new_folder(self, name: str) -> Path:
        """Another tool's files are not taken over from an earlier run: its command may have changed."""
        for number in range(1, 1000):
            folder = self._folder / f"{name}-{number}"
            if not folder.exists():
                return folder
        raise BenchError(f"{self._folder} is full of runs; name a new folder")


def _comparisons(runs: list[Run], earlier: Verdicts | None) -> list[Comparison]:
    this = verdicts(runs[0])
    found = [compare(this, verdicts(run)) for run in runs[1:]]
    if earlier is not None:
        found.append(compare(this, earlier))
    return [one for one in found if one is not None]
