"""The offline verifier: `python -m audit.verify EXPORT --key PUBLIC [--checkpoints FILE]`.

It needs Python, `cryptography` and this folder: no database, no network, no trust in the operator. It reads
the export once, from front to end, and checks

    (1) the header, its origin, and that the file is whole;
    (2) every checkpoint's signature, by the given key;
    (3) that the checkpoints' sizes ascend, each after the entries it signs;
    (4) that the indices run 0 … n-1;
    (5) that every entry's text is canonical and is what its leaf hash was made of;
    (6) every writer's chain: sequence numbers without a gap, each `previous` the hash of the one before;
    (7) that the tree over the leaves has each checkpoint's root at its size;
    (8) with --checkpoints, that the log meets every checkpoint kept outside the database;
    (9) what no checkpoint covers: entries after the last one are counted in a notice (with --strict they
        fail), and a log with no checkpoint to meet is called unproven, never verified.

Beside that it gives notice of each entry `log.refused`: by it the sequencer tells of rows that no process of
the installation wrote. It keeps them out, so they prove no tampering; somebody can write to the database who
may not.

Exit status: 0 verified; 1 not verified (tampered with, or unproven), the findings on standard output, one a
line, code first; 2 wrong usage, or a file that cannot be read or is no export at all. Only 0 means verified.

Who is caught: anyone without the log's private key who alters what a checkpoint covers. Who is not: one who
sets log and checkpoints back together, unless a later checkpoint is kept outside; and the holder of the
private key, who can sign another history, unless a checkpoint of the first one is kept outside.

Memory: the entries are not kept. There remain 40 bytes a checkpoint, some 0.3 kB a writer and 0.3 kB for each
checkpoint kept outside.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from audit.errors import AuditError, MalformedKey
from audit.export import read_lines
from audit.note import CheckpointVerifier
from audit.verification import verify_export

__all__ = ["main", "open_input", "read_key", "verify_export"]

MAX_KEY_FILE = 4096  # bytes; a key is one line


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status; argparse itself exits with 2 on wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        key = read_key(options.key)
        with contextlib.ExitStack() as files:
            export = files.enter_context(open_input(options.export))
            outside = None
            if options.checkpoints is not None:
                outside = _text_lines(files.enter_context(open_input(options.checkpoints)))
            report = verify_export(read_lines(export), key, outside=outside, strict=options.strict)
    except (OSError, AuditError) as exc:
        print(f"audit.verify: {exc}", file=sys.stderr)
        return 2
    for line in [report.to_json()] if options.json else report.lines():
        print(line)
    return 0 if report.verified else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit.verify",
        description="Verify an export of the audit log without the database. Exit status: 0 verified, "
        "1 tampered with or unproven, 2 wrong usage or unreadable.",
    )
    parser.add_argument("export", metavar="EXPORT", help="the export, JSON Lines; - reads standard input")
    parser.add_argument("--key", metavar="PUBLIC", required=True, help="the log's public key, or its file")
    parser.add_argument(
        "--checkpoints", metavar="FILE", help="the file of checkpoints kept outside the database"
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail if entries are not yet under a checkpoint"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    return parser


def read_key(value: str, option: str = "--key") -> CheckpointVerifier:
    """The key itself, or the file that holds it. Raises MalformedKey, which says which of the two it was."""
    path = Path(value)
    text, source = value, "neither a file nor a key"
    if path.is_file():
        with path.open("rb") as file:
            text, source = file.read(MAX_KEY_FILE).decode("utf-8", "replace"), "the file holds no key"
    try:
        return CheckpointVerifier.parse(text)
    except MalformedKey as exc:
        raise MalformedKey(f"{option}: {source}: {exc}") from exc


def open_input(name: str) -> contextlib.AbstractContextManager[BinaryIO]:
    """A file to be read; - is standard input."""
    return contextlib.nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def _text_lines(file: BinaryIO) -> Iterator[str]:
    return (line.decode("utf-8", "replace") for line in read_lines(file))


if __name__ == "__main__":
    sys.exit(main())
