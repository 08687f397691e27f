"""One run of `privgate ingest`: what is new is sent, what was sent is waited for, and all of it is told.

What a crash means: before (1) is written, a file that was not begun; after it, a file that is sent again
under the same key; after (2), a file that is only waited for. The batch is closed once all was sent.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from gateway.cli.ingesting.journal import Journal, Line, Standing
from gateway.cli.ingesting.sender import Refused, Sender
from gateway.cli.ingesting.sources import Item, Source
from gateway.cli.shown import shown
from gateway.errors import KeyReused

UNSETTLED = frozenset({"received", "processing"})
WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0

NAMED = 5
"""Files that a summary names for one reason."""

Tell = Callable[[Line, str], None]
"""Is told of each file when it is taken or refused; with advice where there is any."""


@dataclass(frozen=True, slots=True)
class Plan:
    """todo: what is to be sent. here: every path that the source holds now."""

    todo: list[Item]
    here: set[str]


def plan(items: Iterable[Item], journal: Journal) -> Plan:
    """What the journal does not show as taken: new, changed, interrupted and refused files."""
    todo, here = [], set()
    for item in items:
        here.add(item.path)
        known = journal.lines.get(item.path)
        done = known is not None and known.mark == item.mark and known.asset is not None
        if not done:
            todo.append(item)
    return Plan(todo, here)


class Run:
    """Sends the files of one source into one dataset."""

    def __init__(
        self,
        sender: Sender,
        source: Source,
        journal: Journal,
        dataset: str,
        *,
        jobs: int,
        in_batches: bool = True,
    ) -> None:
        """in_batches: the gateway is told which files belong together, and when they were all."""
        self._sender, self._source, self._journal = sender, source, journal
        self._dataset = dataset
        self._jobs = jobs
        self._in_batches = in_batches
        self._batch: str | None = None

    def send(self, todo: list[Item], tell: Tell) -> None:
        """Sends them all, `jobs` at a time. Raises RunStopped; what was sent by then is in the journal."""
        if not todo:
            return
        if self._in_batches:
            self._batch = self._open_batch(len(todo))
        with ThreadPoolExecutor(self._jobs) as pool:
            for line, advice in _in_turn(pool, self._send_one, todo, ahead=2 * self._jobs):
                tell(line, advice)

    def close(self) -> None:
        """Says to the gateway that all was sent."""
        if self._journal.batches and self._sender.batch(self._journal.batches[-1]).closed_at is None:
            refused = sum(line.state is Standing.REFUSED for line in self._journal.lines.values())
            self._sender.close_batch(self._journal.batches[-1], refused=refused)

    def wait(self, tell: Callable[[int], None], *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Until nothing more happens by itself. tell: how many uploads have settled."""
        pause = WAIT_SECONDS
        while True:
            told = [self._sender.batch(batch) for batch in self._journal.batches]
            unsettled = sum(batch.unsettled for batch in told)
            tell(sum(batch.uploads for batch in told) - unsettled)
            if not unsettled:
                break
            sleep(pause)
            pause = min(pause * 1.3, LONGEST_WAIT_SECONDS)
        self._learn()

    def _learn(self) -> None:
        """Writes into the journal how each file ended."""
        ends = {
            asset.id: asset
            for batch in self._journal.batches
            for asset in self._sender.batch_assets(batch)
            if asset.state not in UNSETTLED
        }
        for line in list(self._journal.lines.values()):
            end = ends.get(line.asset or "")
            if end is None or end.state not in set(Standing):
                continue
            now = line.becomes(Standing(end.state), reason=end.reason)
            if now != line:
                self._journal.write(now)

    def _open_batch(self, expected: int) -> str:
        """The journal's batch, while it is open; otherwise a new one."""
        if self._journal.batches:
            last = self._journal.batches[-1]
            if self._sender.batch(last).closed_at is None:
                return last
        batch = self._sender.open_batch(self._dataset, expected).id
        self._journal.add_batch(batch)
        return batch

    def _send_one(self, item: Item) -> tuple[Line, str]:
        known = self._journal.lines.get(item.path)
        if known is None or known.mark != item.mark or known.state is not Standing.SENDING:
            known = Line.fresh(item.path, item.mark)
        if item.fault is not None:
            return self._end(known.becomes(Standing.REFUSED, reason=item.fault), item.advice)
        # (1) The key is written down, then used.
        self._journal.write(known)
        try:
            try:
                return self._upload(item, known)
            except KeyReused:  # the file was replaced by another of the same mark
                known = Line.fresh(item.path, item.mark)
                self._journal.write(known)
                return self._upload(item, known)
        except KeyReused:
            return self._end(known.becomes(Standing.REFUSED, reason="file.changed"), "send it again")
        except Refused as refused:
            return self._end(known.becomes(Standing.REFUSED, reason=refused.code), refused.advice)

    def _upload(self, item: Item, line: Line) -> tuple[Line, str]:
        taken = self._sender.upload(
            lambda: self._source.pieces(item),
            size=item.size,
            name=item.path,
            key=line.key,
            dataset=self._dataset,
            batch=self._batch,
        )
        # (2) From here on it is only waited for.
        return self._end(line.becomes(Standing.TAKEN, asset=taken.id, duplicate=taken.duplicate), "")

    def _end(self, line: Line, advice: str) -> tuple[Line, str]:
        self._journal.write(line)
        return line, advice


def _in_turn(
    pool: ThreadPoolExecutor,
    act: Callable[[Item], tuple[Line, str]],
    todo: Iterable[Item],
    *,
    ahead: int,
) -> Iterator[tuple[Line, str]]:
    """The results as they come; at most `ahead` are begun. After an error nothing more is begun."""
    waiting: set[Future[tuple[Line, str]]] = set()
    try:
        for item in todo:
            if len(waiting) >= ahead:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
            waiting.add(pool.submit(act, item))
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        for future in waiting:
            future.cancel()


@dataclass(frozen=True, slots=True)
class Summary:
    """How the files of a source stand. held: the paths of those not released, by state and reason."""

    files: int
    duplicates: int
    states: Counter[Standing]
    held: Mapping[tuple[Standing, str], Sequence[str]]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Summary:
        found = sorted(lines, key=lambda line: line.path)
        held: dict[tuple[Standing, str], list[str]] = {}
        for line in found:
            if line.state in NOT_RELEASED:
                held.setdefault((line.state, line.reason or "-"), []).append(line.path)
        return cls(
            files=len(found),
            duplicates=sum(line.duplicate for line in found),
            states=Counter(line.state for line in found),
            held=held,
        )

    @property
    def held_back(self) -> int:
        return sum(self.states[state] for state in NOT_RELEASED)

    def lines(self) -> list[str]:
        parts = [f"{self.states[state]} {WORDS[state]}" for state in WORDS if self._told(state)]
        told = [f"{self.files} files: {', '.join(parts)}"]
        if self.duplicates:
            told[0] += f"; {self.duplicates} were there already"
        told += [
            f"  {len(paths)} {WORDS[state]}: {reason} ({_some(paths)})"
            for (state, reason), paths in sorted(self.held.items())
        ]
        return told

    def _told(self, state: Standing) -> bool:
        return state not in (Standing.TAKEN, Standing.SENDING) or self.states[state] > 0


def _some(paths: Sequence[str]) -> str:
    named = ", ".join(shown(path) for path in paths[:NAMED])
    return named if len(paths) <= NAMED else f"{named} and {len(paths) - NAMED} more, see the journal"


WORDS = {
    Standing.RELEASED: "released",
    Standing.NEEDS_REVIEW: "for review",
    Standing.QUARANTINED: "quarantined",
    Standing.REFUSED: "refused at once",
    Standing.TAKEN: "taken in",
    Standing.SENDING: "interrupted",
}

NOT_RELEASED = (Standing.NEEDS_REVIEW, Standing.QUARANTINED, Standing.REFUSED, Standing.SENDING)
