"""The offline check of a certificate: `python -m audit.certificate CERTIFICATE --key PROVER [--copy FILE]
[--export EXPORT --log-key LOG]`.

A worker of the gateway made a sanitized copy again, from its original and from twins whose hidden pixels are
noise, compared the files byte for byte, and signed what came of it. Like `audit.verify` this needs Python,
`cryptography` and this folder. It checks

    (1) the signature, by the prover's public key;
    (2) with --copy, that the file is the copy which the certificate names, by its SHA-256;
    (3) with --export, that the log verifies, as `audit.verify` has it, and that a signed checkpoint of it
        covers an entry `copy.proven` with the commitment to this very certificate: what was signed was
        recorded when it was, and no other certificate was slipped in since.

Exit status: 0 it holds; 1 it does not; 2 wrong usage, or a file that cannot be read. Only 0 means that it
holds. What it does not show: that the regions cover everything which identifies. Nothing is detected anew.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.errors import AuditError, MalformedCertificate, NoteError
from audit.export import read_lines
from audit.note import MAX_NOTE, CheckpointVerifier
from audit.twin_test import Certificate, Found, Search, open_certificate
from audit.verification import verify_export
from audit.verify import open_input, read_key

PIECE = 1 << 20  # bytes of a file that are hashed at a time


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the answer."""

    holds: bool
    says: str


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit status; argparse itself exits with 2 on wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.export is None) != (options.log_key is None):
        parser.error("--export and --log-key go together")
    try:
        key = read_key(options.key)
        with open_input(options.certificate) as file:
            note = file.read(4 * MAX_NOTE).decode("utf-8", "replace")
        found = _check(note, key, options)
    except (OSError, AuditError) as exc:
        print(f"audit.certificate: {exc}", file=sys.stderr)
        return 2
    for one in found:
        print(f"{'holds ' if one.holds else 'FAILS '} {one.says}")
    return 0 if all(one.holds for one in found) else 1


def _check(note: str, key: CheckpointVerifier, options: argparse.Namespace) -> list[Checked]:
    try:
        certificate = open_certificate(note, key)  # (1)
    except (NoteError, MalformedCertificate) as exc:
        return [Checked(False, f"certificate: {exc}")]
    found = [Checked(True, f"signature: by {key.name}+{key.key_id.hex()}"), *_told(certificate)]
    if options.copy is not None:
        found.append(_check_copy(certificate, options.copy))  # (2)
    if options.export is not None:
        log_key = read_key(options.log_key, "--log-key")
        found.append(_check_log(certificate, options.export, log_key))  # (3)
    return found


def _told(certificate: Certificate) -> list[Checked]:
    """What it says, in short; ASCII, since whoever signed it chose the words."""
    facts = certificate.facts
    told = [
        f"{name} {facts[name]}" for name in ("copy", "asset", "time", "regions", "twins") if name in facts
    ]
    left = f"bits left of what the regions hide: {facts.get('bits_left')}"
    return [Checked(True, f"says: {ascii(', '.join([*told, left]))[1:-1]}")]


def _check_copy(certificate: Certificate, name: str) -> Checked:
    digest = hashlib.sha256()
    with Path(name).open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    if digest.hexdigest() == certificate.sha256:
        return Checked(True, "copy: the file is the one that was proven")
    return Checked(False, f"copy: the file's SHA-256 is {digest.hexdigest()}, another one was proven")


def _check_log(certificate: Certificate, export: str, key: CheckpointVerifier) -> Checked:
    if certificate.commitment() is None:
        return Checked(False, "log: the certificate was made without a gateway, and no log knows it")
    search = Search(certificate)
    with open_input(export) as file:
        report = verify_export(search.through(read_lines(file)), key)
    if not report.verified:
        return Checked(False, f"log: {report.verdict.value}; `python -m audit.verify` says why")
    covered = [one for one in search.found if one.index < report.covered]
    if not covered:
        waits = (
            "an entry of it is under no checkpoint yet" if search.found else "it knows no such certificate"
        )
        return Checked(False, f"log: {waits}")
    return Checked(True, _where(covered[0], report.origin, report.covered))


def _where(found: Found, origin: str, covered: int) -> str:
    when = found.entry.time.isoformat(timespec="seconds")
    return (
        f"log: entry {found.index} of {origin}, {when}, is it; a checkpoint signs the first {covered} entries"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m audit.certificate",
        description="Check a certificate of the twin test without the gateway. Exit status: 0 it holds, "
        "1 it does not, 2 wrong usage or unreadable.",
    )
    parser.add_argument("certificate", metavar="CERTIFICATE", help="the signed note; - reads standard input")
    parser.add_argument("--key", metavar="PROVER", required=True, help="the prover's public key, or its file")
    parser.add_argument("--copy", metavar="FILE", help="the sanitized file that the certificate is of")
    parser.add_argument("--export", metavar="EXPORT", help="an export of the log, JSON Lines")
    parser.add_argument("--log-key", metavar="LOG", help="the log's public key, or its file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
