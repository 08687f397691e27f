"""What `privgate models add` and `remove` do."""

from __future__ import annotations

import getpass
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import typer

from gateway.cli.options import is_there, open_installation, settings_of
from gateway.cli.shown import shown
from gateway.detection.models import LARGEST_MODEL, ModelStore
from gateway.errors import Misconfigured
from gateway.own_models.entry import OwnModel, read_entry
from gateway.own_models.kept import KeptModel, Unreadable, accept

MOST_NAME = 100


def add_model(
    store: ModelStore, manifest: Path, *, accepted: str | None, by: str | None, data: Path | None
) -> None:
    """The order is the promise: (1) entry, hash and licence, (2) one run, (3) the log, (4) the folder.

    Raises Misconfigured, LedgerUnavailable; then the folder is as it was.
    """
    # (1) Nothing is executed of a file that is not the one meant, or that may not be used.
    entry = read_entry(manifest)
    _free(store, entry)
    model = _file(manifest, entry)
    kept = accept(entry, accepted=accepted, by=_who(by), at=datetime.now(UTC).replace(microsecond=0))
    store.check(kept, model)
    # (2) Imported here: the inference library takes a second.
    from gateway.detection.own_trial import try_out

    try_out(model, entry, threads=len(os.sched_getaffinity(0)))
    # (3) Recorded first: a crash here tells of a model that is not there, never the other way round.
    recorded = _record(
        data, "model.added", entry.name, model=entry.sha256, licence=_token(entry.licence.name)
    )
    # (4) The file, then the entry: without its entry a file is nobody's.
    store.add(kept, model)
    _tell(kept, recorded)


def remove_model(store: ModelStore, name: str, *, data: Path | None) -> None:
    """Raises MissingModel where there is none of this name."""
    store.check_own(name)
    recorded = _record(data, "model.removed", name)
    store.remove(name)
    print(f"removed {name}{_on_the_log(recorded)}; policies that name it refuse to run on this machine;")
    print("a worker that runs already keeps it until it ends")


def _free(store: ModelStore, entry: OwnModel) -> None:
    """Raises Misconfigured where there is one of this name: what runs under a name is never swapped."""
    taken = next((one for one in store.own.all() if _name(one) == entry.name), None)
    if taken is not None:
        raise Misconfigured(
            f"there is a model of yours named {entry.name}; give this one another name, so that reports tell "
            f"them apart, or run `privgate models remove {entry.name}` first"
        )


def _name(one: KeptModel | Unreadable) -> str:
    return one.entry.name if isinstance(one, KeptModel) else one.name


def _file(manifest: Path, entry: OwnModel) -> bytes:
    """The ONNX file that the entry names, as seen from the manifest's folder."""
    path = manifest.parent / entry.file
    try:
        if path.stat().st_size > LARGEST_MODEL:
            raise Misconfigured(
                f"{shown(path)} is larger than {LARGEST_MODEL >> 20} MiB; export a smaller one"
            )
        return path.read_bytes()
    except OSError as exc:
        raise Misconfigured(
            f"{shown(path)}: not readable ({exc.strerror}); mend `file` in {shown(manifest.name)}, which is "
            "seen from that file's folder"
        ) from exc


def _who(by: str | None) -> str:
    """As they name themselves, else as the system knows them. One line that a table can show."""
    name = by.strip() if by is not None else _system_user()
    if not name or not name.isprintable() or len(name) > MOST_NAME:
        raise typer.BadParameter(f"a name has 1 to {MOST_NAME} printable characters", param_hint="--by")
    return name


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container the system may know a number only
        return f"uid {os.getuid()}"


def _record(data: Path | None, action: str, name: str, **details: str) -> bool:
    """An entry in the log of the installation that --data or the settings name; False where there is none."""
    settings = settings_of(data)
    if data is None and not is_there(settings):
        return False
    # Imported here: what opens the database takes longer than the help.
    from gateway.services.people import CONSOLE

    _, database = open_installation(data, jobs=False)
    with database.unit() as unit:
        unit.ledger.record(actor=CONSOLE, action=action, subject=name, **details)
    return True


def _token(licence: str) -> str:
    """A licence's name as the log can hold it: an SPDX id as it is."""
    return re.sub(r"[^A-Za-z0-9._+-]", "-", licence)


def _on_the_log(recorded: bool) -> str:
    return ", on the log" if recorded else ""


def _tell(kept: KeptModel, recorded: bool) -> None:
    entry, licence = kept.entry, kept.entry.licence
    print(f"licence {licence.in_full}, commercial use: {licence.commercial_use.value}")
    if kept.accepted is not None:
        print(f"  {licence.objection}")
        print(f"  accepted by {kept.by}, {kept.at:%Y-%m-%d %H:%M}Z")
    print(f"added {entry.name}, SHA-256 {entry.sha256}{_on_the_log(recorded)}")
    print(f"a rule for {entry.kind.value} can name it: `detectors: [{entry.name}]`, or as `second_opinion`")
