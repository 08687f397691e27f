"""The entries of the models that an operator added: one JSON file each, with who added it and accepted what.

    MODELS/own/NAME.json    the entry, who added it and when, the licence accepted by name
    MODELS/own/NAME.onnx    its file, which is hashed whenever it is read

An entry whose licence must be accepted and was not is no entry, whoever wrote the file.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.errors import Misconfigured
from gateway.own_models.entry import OwnModel
from policies.detectors import KINDS
from policies.model import Kind

FOLDER: Final = "own"
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,40}")


class KeptModel(BaseModel):
    """accepted: the licence's name, as the operator gave it; None where it permits any use.

    by: who added it, as the operator named themselves or as the system knows them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    entry: OwnModel
    accepted: str | None
    by: str = Field(min_length=1, max_length=100)
    at: AwareDatetime

    @model_validator(mode="after")
    def _accepted_by_name(self) -> Self:
        if self.entry.licence.objection is not None and self.accepted != self.entry.licence.name:
            raise ValueError(f"its licence {self.entry.licence.name} was not accepted")
        return self

    @property
    def origin(self) -> str:
        return f"own, added {self.at:%Y-%m-%d} by {self.by}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file in the place of an entry that is none. reason: why, without its content."""

    name: str
    reason: str


def accept(entry: OwnModel, *, accepted: str | None, by: str, at: datetime) -> KeptModel:
    """The entry with who answers for it.

    Raises Misconfigured where a licence must be accepted by name and was not, or another one was: the message
    shows the licence, what stands in the way, and how it is accepted.
    """
    licence = entry.licence
    objection = licence.objection
    if accepted is not None and accepted != licence.name:
        raise Misconfigured(
            f'{entry.name} stands under {licence.in_full}, not under "{accepted}": nothing was added. '
            f"Read {licence.page}"
        )
    if objection is not None and accepted is None:
        raise Misconfigured(
            f"{entry.name} stands under {licence.in_full}: {objection}; commercial use: "
            f"{licence.commercial_use.value}. Read {licence.page}. Whether your use is permitted is yours to "
            f'judge; if it is, say so by name: --accept-licence "{licence.name}"'
        )
    return KeptModel(entry=entry, accepted=accepted, by=by, at=at)


class Entries:
    """The entries in the folder of models. They are read anew each time: one may be added at any moment."""

    def __init__(self, models: Path) -> None:
        self.folder = models / FOLDER

    def all(self) -> Iterator[KeptModel | Unreadable]:
        """Every entry, by name."""
        paths = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        for path in paths:
            yield self._read(path)

    def get(self, name: str) -> KeptModel | None:
        """None where there is none. Raises Misconfigured for one that cannot be used."""
        path = self._path(name)
        if path is None or not path.is_file():
            return None
        match self._read(path):
            case KeptModel() as kept:
                return kept
            case Unreadable(reason=reason):
                raise Misconfigured(unusable(name, reason))

    def keep(self, kept: KeptModel) -> None:
        """Written whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".entry-", dir=self.folder)
        written = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(kept.model_dump_json(indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            written.chmod(0o644)
            written.replace(self.folder / f"{kept.entry.name}.json")
        except BaseException:
            written.unlink(missing_ok=True)
            raise

    def has(self, name: str) -> bool:
        """Whether there is an entry of this name, usable or not."""
        path = self._path(name)
        return path is not None and path.is_file()

    def remove(self, name: str) -> None:
        """`name`: one that is there."""
        (self.folder / f"{name}.json").unlink()

    def _path(self, name: str) -> Path | None:
        return self.folder / f"{name}.json" if NAME.fullmatch(name) else None

    def _read(self, path: Path) -> KeptModel | Unreadable:
        try:
            kept = KeptModel.model_validate_json(path.read_bytes())
        except OSError as exc:
            return Unreadable(path.stem, f"it cannot be read ({exc.strerror})")
        except ValidationError as exc:
            first = exc.errors()[0]
            place = ".".join(map(str, first["loc"]))
            said = first["msg"].removeprefix("Value error, ")
            return Unreadable(path.stem, f"{place}: {said}" if place else said)
        if kept.entry.name != path.stem:
            return Unreadable(path.stem, f"it is the entry of {kept.entry.name}")
        return kept


def unusable(name: str, reason: str) -> str:
    """What is wrong with an entry, and what to do."""
    return (
        f"the entry of your model {name} cannot be used: {reason}; run `privgate models remove {name}`, then "
        "`privgate models add` with its manifest"
    )


class KnownDetectors(Mapping[str, frozenset[Kind]]):
    """Every detector that a policy can name on this machine, the operator's own too, and what each finds."""

    def __init__(self, models: Path) -> None:
        self._entries = Entries(models)

    def _known(self) -> dict[str, frozenset[Kind]]:
        own = (kept.entry for kept in self._entries.all() if isinstance(kept, KeptModel))
        return dict(KINDS) | {entry.name: frozenset({entry.kind}) for entry in own}

    def __getitem__(self, name: str) -> frozenset[Kind]:
        return self._known()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())
