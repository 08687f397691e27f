"""Which files `privgate anonymize` does, and where each copy goes: settled before the first is opened.

The tree of inputs is kept. A copy's name depends on the format it is written in, which only decoding shows;
so each file is given one name a format here, and no two files of a run can be given the same one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from gateway.errors import GatewayError

REVIEW_FOLDER = "needs-review"

KEPT_ENDINGS: Mapping[str, frozenset[str]] = {
    ".jpg": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    ".png": frozenset({".png"}),
    ".webp": frozenset({".webp"}),
    ".tif": frozenset({".tif", ".tiff"}),
}
"""By the suffix of what is written: the endings of an input's name that are true of it and stay."""

REWRITTEN_ENDINGS: Mapping[str, frozenset[str]] = {
    ".jpg": frozenset({".heic", ".heif", ".hif", ".avif"}),
    ".png": frozenset({".tif", ".tiff", ".gif", ".bmp", ".dib"}),
    ".webp": frozenset({".gif", ".apng"}),
}
"""By the suffix of what is written: the endings of formats that are read, and written as that one. A TIFF of
several pages stays one; an animated GIF becomes an animated WebP."""

_ALL_KEPT = frozenset[str]().union(*KEPT_ENDINGS.values())
_ALL_KNOWN = _ALL_KEPT.union(*REWRITTEN_ENDINGS.values())


class PathsInConflict(GatewayError):
    """The outputs asked for would overwrite each other, or an input."""


class Fault(StrEnum):
    """Why a path that was found is not even opened: it is reported, never passed over in silence."""

    FOLDER_UNREADABLE = "folder.unreadable"
    LINK_TO_FOLDER = "folder.link"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to do.

    number: its place in the report. names: where its copy goes in the output folder, by the suffix of what is
    written. stale: what an earlier run wrote for it, wherever it goes now. fault: why it cannot be done.
    """

    number: int
    source: Path
    names: Mapping[str, PurePosixPath]
    stale: tuple[PurePosixPath, ...]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    source: Path
    relative: PurePosixPath
    fault: Fault | None = None


def plan_jobs(inputs: Iterable[Path], out: Path, *, random_names: bool) -> list[Job]:
    """The files to do, in order of their names; of a folder all that do not begin with a dot.

    Raises PathsInConflict when two inputs would have one output, an output would be one of the inputs, or one
    of the folders lies in the other.
    """
    given = list(inputs)
    _check_apart(given, out)
    found = list(dict.fromkeys(item for path in given for item in _walk(path)))
    if random_names:
        found = [_Found(item.source, _random_name(item.source), item.fault) for item in found]
    _check_found(found, out)
    return _jobs(found)


def _walk(given: Path) -> Iterator[_Found]:
    if not given.is_dir():
        yield _Found(given, PurePosixPath(given.name))
        return
    closed: list[OSError] = []
    for folder, folders, files in os.walk(given, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = {name for name in folders if Path(folder, name).is_symlink()}
        for name in sorted(links.union(file for file in files if not file.startswith("."))):
            source = Path(folder, name)
            fault = Fault.LINK_TO_FOLDER if name in links else None
            yield _Found(source, PurePosixPath(source.relative_to(given).as_posix()), fault)
    for error in closed:
        source = Path(os.fsdecode(error.filename))
        relative = PurePosixPath(source.relative_to(given).as_posix())
        yield _Found(source, relative, Fault.FOLDER_UNREADABLE)


def _random_name(source: Path) -> PurePosixPath:
    """Nothing of the old name stays but an ending that says no more than a format."""
    ending = source.suffix.lower()
    return PurePosixPath(secrets.token_hex(8) + (ending if ending in _ALL_KNOWN else ""))


def _check_apart(given: Sequence[Path], out: Path) -> None:
    target = _real(out)
    if out.exists() and not out.is_dir():
        raise PathsInConflict(f"{out} is a file; name a folder for the copies with --out")
    for path in given:
        if _real(path).is_relative_to(target):
            raise PathsInConflict(f"{path} lies in the output folder {out}; choose a folder of its own")
        if path.is_dir() and target.is_relative_to(_real(path)):
            raise PathsInConflict(f"the output folder {out} lies in the input {path}; choose one outside it")


def _check_found(found: Sequence[_Found], out: Path) -> None:
    target = _real(out)
    first: dict[PurePosixPath, Path] = {}
    folders = {parent for item in found for parent in item.relative.parents}
    for item in found:
        if _real(item.source).is_relative_to(target):
            raise PathsInConflict(
                f"{item.source} lies in the output folder {out}; choose a folder of its own"
            )
        if (other := first.setdefault(item.relative, item.source)) != item.source:
            raise PathsInConflict(
                f"{other} and {item.source} would both be written to {item.relative}; "
                "do them in two runs, or use --names random"
            )
        if item.relative in folders and item.fault is None:
            raise PathsInConflict(
                f"{item.source} would be written where a folder of other copies is needed; "
                "do them in two runs, or use --names random"
            )
        if len(item.relative.parts) > 1 and item.relative.parts[0] == REVIEW_FOLDER:
            raise PathsInConflict(
                f"{item.source}: a folder {REVIEW_FOLDER} among the inputs would be mixed up with the one "
                "for copies that need a person; name that folder itself as an INPUT, or use --names random"
            )


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike Path.resolve it does not stumble over a loop of links


def _jobs(found: Sequence[_Found]) -> list[Job]:
    # (1) A name that is true of its format stays; these are taken first, and so are the folders' names.
    taken = {parent for item in found for parent in item.relative.parents}
    taken |= {item.relative for item in found if item.relative.suffix.lower() in _ALL_KEPT}
    # (2) Names for what a file turns out to be otherwise are found among what is left.
    names = [{} if item.fault else _names(item.relative, taken) for item in found]
    assigned = {name for choices in names for name in choices.values()}
    return [
        Job(number, item.source, choices, _stale(item, choices, assigned), item.fault)
        for number, (item, choices) in enumerate(zip(found, names, strict=True))
    ]


def _names(relative: PurePosixPath, taken: set[PurePosixPath]) -> dict[str, PurePosixPath]:
    names: dict[str, PurePosixPath] = {}
    for suffix in KEPT_ENDINGS:
        if _true(relative, suffix):
            names[suffix] = relative
        else:
            names[suffix] = next(name for name in _wishes(relative, suffix) if name not in taken)
            taken.add(names[suffix])
    return names


def _true(relative: PurePosixPath, suffix: str) -> bool:
    return relative.suffix.lower() in KEPT_ENDINGS[suffix]


def _usual(relative: PurePosixPath, suffix: str) -> Iterator[PurePosixPath]:
    """x.heic becomes x.jpg, a PNG that is called x.jpg becomes x.png; or x.heic.jpg, x.jpg.png."""
    if _true(relative, suffix):
        yield relative
    if relative.suffix.lower() in _ALL_KNOWN:
        yield relative.with_suffix(suffix)
    yield relative.with_name(relative.name + suffix)


def _wishes(relative: PurePosixPath, suffix: str) -> Iterator[PurePosixPath]:
    yield from _usual(relative, suffix)
    number = 2
    while True:
        yield relative.with_name(f"{relative.name}-{number}{suffix}")
        number += 1


def _stale(
    item: _Found, names: Mapping[str, PurePosixPath], assigned: set[PurePosixPath]
) -> tuple[PurePosixPath, ...]:
    """What a run before this one called this file's copy, as far as its name alone tells.

    Not what another file of this run is called now; nor a.jpg where the file is a.png: though that could be
    its copy, when it was a JPEG of the wrong name, it is rather the copy of an a.jpg of another run.
    """
    if item.fault:
        return ()
    own = {name for suffix in KEPT_ENDINGS for name in _own(item.relative, suffix)}
    return tuple(sorted(own - (assigned - set(names.values()))))


def _own(relative: PurePosixPath, suffix: str) -> Iterator[PurePosixPath]:
    if _true(relative, suffix):
        yield relative
    if relative.suffix.lower() in REWRITTEN_ENDINGS.get(suffix, ()):
        yield relative.with_suffix(suffix)
    yield relative.with_name(relative.name + suffix)
