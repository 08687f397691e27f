"""A batch in figures, and what is to be done about it next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from gateway.services.batch_pages import SentBatch
from gateway.store.records import BatchRecord
from gateway.web.console.outcomes import outcome_of_state, refusal_of
from policies.lifecycle import AssetState


@dataclass(frozen=True, slots=True)
class Summary:
    """by_state: uploads by the state of their images; those that were there before are among them."""

    batch: BatchRecord
    by_state: Mapping[AssetState, int]
    uploads: int
    settled: int
    here_before: int
    refused: int
    done: bool

    @classmethod
    def of(cls, sent: SentBatch) -> Self:
        progress = sent.progress
        by_state: dict[AssetState, int] = dict.fromkeys(AssetState, 0)
        for count in progress.counts:
            by_state[count.state] += count.uploads
        return cls(
            batch=progress.batch,
            by_state=by_state,
            uploads=progress.uploads,
            settled=progress.uploads - progress.unsettled,
            here_before=progress.duplicates,
            refused=sum(sent.refused.values()) or progress.batch.refused,
            done=progress.done,
        )

    @property
    def unfinished(self) -> int:
        return self.by_state[AssetState.RECEIVED] + self.by_state[AssetState.PROCESSING]

    @property
    def attention(self) -> int:
        return self.by_state[AssetState.NEEDS_REVIEW] + self.by_state[AssetState.QUARANTINED]


@dataclass(frozen=True, slots=True)
class Step:
    """icon, title and words of one line; show: which images it is about, if the page can show them."""

    icon: str
    title: str
    words: str
    show: str | None = None


def next_steps(sent: SentBatch) -> list[Step]:
    """What waits for whom, the sender's own first; and that nothing does, where nothing does."""
    steps = [*_refused(sent), *_held(sent), *_reviewed(sent), *_working(sent), *_open(sent)]
    return steps or [Step("check", "Nothing is left to do", "All of it is released.")]


def _refused(sent: SentBatch) -> list[Step]:
    return [
        Step("x", f"{_files(number)} not taken in", ". ".join(_ended(*refusal_of(code))))
        for code, number in sorted(sent.refused.items(), key=lambda item: -item[1])
    ]


def _held(sent: SentBatch) -> list[Step]:
    held = [count for count in sent.progress.counts if count.state is AssetState.QUARANTINED]
    return [
        Step(
            "shield",
            f"{_images(count.uploads)} quarantined",
            ". ".join(_ended(*refusal_of(count.reason or ""))),
            "attention",
        )
        for count in held
    ]


def _reviewed(sent: SentBatch) -> list[Step]:
    waiting = [count for count in sent.progress.counts if count.state is AssetState.NEEDS_REVIEW]
    number = sum(count.uploads for count in waiting)
    if not number:
        return []
    why = {outcome_of_state(AssetState.NEEDS_REVIEW, count.reason) for count in waiting}
    words = f"{'; '.join(sorted(why))}. There is nothing for you to do."
    return [Step("eye", f"{_images(number)} waiting for a reviewer", words, "attention")]


def _working(sent: SentBatch) -> list[Step]:
    number = sent.progress.unsettled
    words = "They go on by themselves, also when you leave."
    return [Step("cycle", f"{_images(number)} being worked on", words, "unfinished")] if number else []


def _open(sent: SentBatch) -> list[Step]:
    if sent.progress.batch.closed_at is not None:
        return []
    words = "Bring more in, or finish it when nothing more comes."
    return [Step("upload", "This batch is open", words)]


def _ended(happened: str, advice: str) -> tuple[str, str]:
    """For two sentences to be joined by one stop."""
    return happened.rstrip("."), advice


def _files(number: int) -> str:
    return f"{number:,} {'file' if number == 1 else 'files'}"


def _images(number: int) -> str:
    return f"{number:,} {'image' if number == 1 else 'images'}"
