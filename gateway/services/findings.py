"""What an examination of the installation says: one finding a thing looked at, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """FINE: as it should be. WARNING: works, and will not for long or not for all. BROKEN: does not work."""

    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """code: stable, such as "keys.originals". message: what is so. remedy: what to do; None where fine.

    Both are for the operator's eyes: folders, settings and ids, never a secret, never an image's file name.
    """

    level: Level
    code: str
    message: str
    remedy: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        return {
            "level": self.level.value,
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
        }


Check = Callable[[], Iterable[Finding]]


def fine(code: str, message: str) -> Finding:
    return Finding(Level.FINE, code, message)


def warning(code: str, message: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, code, message, remedy)


def broken(code: str, message: str, remedy: str) -> Finding:
    return Finding(Level.BROKEN, code, message, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    """FINE where there is none."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.FINE)


def examine(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Every check's findings. One that fails in a way it did not foresee is a finding too, by its name.

    Only the exception's type is told: its words may hold anything.
    """
    for code, check in checks:
        try:
            yield from check()
        except Exception as exc:
            message = f"could not be looked at: {type(exc).__name__}"
            yield broken(code, message, "mend what the other findings name, then run `privgate doctor` again")
