"""`privgate prove`: the twin test on one file of `privgate anonymize`, and a signed certificate of it."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from audit.note import CheckpointSigner, sign_note
from gateway.cli.options import Data, settings_of
from gateway.cli.prove_asset import NOT_PROVEN, Gateway, prove_asset, prove_sample
from gateway.cli.shown import shown
from gateway.errors import InputRefused, KeyringError, NotProven
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.site_limits import site_limits
from gateway.services.prove import CLAIM, Proof, prove
from gateway.services.whole_files import write_whole
from gateway.settings import largest_image, longest_decode
from gateway.version import VERSION
from policies.errors import PolicyError
from policies.model import Redaction

KEY_NAME = "privgate.prover"


def command(
    original: Annotated[
        Path | None, typer.Argument(metavar="INPUT", help="The image that was anonymized.")
    ] = None,
    copy: Annotated[
        Path | None, typer.Argument(metavar="OUTPUT", help="The sanitized file made of it.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="The run's report: it names the regions.")
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="Where the certificate goes.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help="Signs the certificate (Ed25519); made, of mode 0600, if not there."
        ),
    ] = None,
    twins: Annotated[int, typer.Option(min=1, max=100, help="Twins with noise beneath the regions.")] = 3,
    asset: Annotated[
        str | None, typer.Option("--asset", metavar="ID", help="In a gateway instead: its released copy.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", metavar="ID", help="In a gateway: some of its released copies.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, max=50, help="So many of them, drawn by lot.")] = 10,
    url: Annotated[str, typer.Option(help="The gateway's address.")] = "http://127.0.0.1:8080",
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An officer's or auditor's token [DIR/officer.token]."),
    ] = None,
    data: Data = None,
) -> None:
    """Shows that a sanitized file does not depend on what its regions hide: the twin test, signed.

    OUTPUT is made again, from INPUT and from twins whose hidden pixels are noise: all must be equal, byte for
    byte. The regions are the report's; nothing is detected anew, so this does not show
    that they cover everything. With --asset or --dataset a worker of the gateway does so and signs, on the
    log.
    Status 0: proven. 1: not proven. 2: wrong usage, or an INPUT that cannot be decoded.
    """
    if asset is not None or dataset is not None:
        if any(given is not None for given in (original, copy, report, key)) or (asset and dataset):
            raise typer.BadParameter(
                "--asset ID, or --dataset ID, stands for INPUT, OUTPUT, --report and --key"
            )
        gateway = Gateway(url, token_file or settings_of(data).data / "officer.token")
        if dataset is not None:
            prove_sample(gateway, dataset, sample)
        elif asset is not None:
            prove_asset(gateway, asset, certificate)
        return
    if original is None or copy is None or report is None:
        raise typer.BadParameter("INPUT, OUTPUT and --report FILE are needed; or, in a gateway, --asset ID")
    _prove_file(original, copy, report, certificate, key, twins)


def _prove_file(
    original: Path, copy: Path, report: Path, certificate: Path | None, key: Path | None, twins: int
) -> None:
    source, made = _read(original), _read(copy)
    line = _line_of(report, made)
    signer = _signer(key)
    limits = site_limits(largest_image(os.environ), longest_decode(os.environ))
    try:
        with Sandbox(limits) as sandbox:
            proof = prove(source, made, _redactions(line, report), sandbox, twins=twins)
    except NotProven as exc:
        typer.echo(f"NOT PROVEN ({exc.code}): {exc}", err=True)
        raise typer.Exit(NOT_PROVEN) from None
    text = _certificate(proof, line)
    note = sign_note(text, signer) if signer else text
    if certificate is not None:
        write_whole(certificate, note.encode())
    _tell(proof, certificate, signer)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise typer.BadParameter(f"{shown(path)}: {os.strerror(exc.errno or 0)}") from None


def _line_of(report: Path, copy: bytes) -> dict[str, Any]:
    """The report's line of this output, by its SHA-256: names may have been changed."""
    digest = hashlib.sha256(copy).hexdigest()
    for text in _read(report).splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            raise typer.BadParameter(
                f"{shown(report)} is no report of `privgate anonymize`: JSON Lines are needed"
            ) from None
        if isinstance(line, dict) and line.get("sha256") == digest:
            return line
    raise typer.BadParameter(
        f"{shown(report)} tells of no output with these bytes (SHA-256 {digest}); was the file changed since?"
    )


def _redactions(line: dict[str, Any], report: Path) -> tuple[Redaction, ...]:
    try:
        return tuple(Redaction.parse(one) for one in line["redactions"])
    except (KeyError, TypeError, ValueError, PolicyError) as exc:
        raise InputRefused(
            f"{shown(report)} names a region that cannot be read ({type(exc).__name__})",
            code="report.region",
            advice="use the report as `privgate anonymize` wrote it",
        ) from None


def _signer(path: Path | None) -> CheckpointSigner | None:
    if path is None:
        return None
    if not path.exists():
        made = CheckpointSigner.generate(KEY_NAME)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(made.to_secret_text() + "\n")
    if path.stat().st_mode & 0o077:
        raise KeyringError(f"others can read {shown(path)}: chmod 600 {shown(path)}")
    return CheckpointSigner.parse(path.read_text("ascii"))


def _certificate(proof: Proof, line: dict[str, Any]) -> str:
    """One line of JSON, sorted, so that the same facts give the same text."""
    told = {
        **proof.to_dict(),
        "policy": line.get("policy"),
        "code_version": VERSION,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=True) + "\n"


def _tell(proof: Proof, certificate: Path | None, signer: CheckpointSigner | None) -> None:
    methods = ", ".join(f"{count} by {name}" for name, count in sorted(proof.methods.items())) or "none"
    typer.echo(f"PROVEN  {proof.twins} twins, {proof.byte_length} bytes each, all equal to the file")
    typer.echo(f"regions {proof.regions} ({methods}); bits left of what they hide: {proof.bits_left}")
    typer.echo(f"changed {proof.pixels_changed} pixels at least in each twin")
    if certificate is not None:
        typer.echo(f"written {shown(certificate)}")
    if signer is not None:
        typer.echo(f"signed  {signer.verifier.to_text()}")
    elif certificate is not None:
        typer.echo("unsigned: --key FILE signs it")
    typer.echo(CLAIM)
