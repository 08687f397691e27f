"""What the parent of a run's worker processes and its workers say to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import Misconfigured
from gateway.services.anonymize_files import Outcome, RunFacts
from policies.policy import Policy

if TYPE_CHECKING:  # it imports numerical libraries, which the parent's end needs not
    from gateway.services.previews import Preview
    from gateway.services.usage import Usage


@dataclass(frozen=True, slots=True)
class Order:
    """What all the files of one run have in common.

    measure: whether what each costs is told, see Usage. precision: see PolicyDetectors. megapixels,
    decode_seconds: see Settings.
    """

    policy: Policy
    facts: RunFacts
    out: Path
    models: Path
    threads: int
    previews: bool
    measure: bool = False
    precision: str | None = None
    megapixels: int = 100
    decode_seconds: int = 20


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the file of this number; its small pictures and what it cost where asked for."""

    number: int
    outcome: Outcome
    preview: Preview | None = None
    usage: Usage | None = None


Answer = RunFacts | Done | Misconfigured
"""What a worker sends: first what it will look with, then what became of each file."""


def with_detectors(
    facts: RunFacts, models: dict[str, str], absent: Sequence[str], precision: str
) -> RunFacts:
    """The facts of a run, completed by what its workers have loaded."""
    return replace(facts, models=models, absent=tuple(absent), precision=precision)
