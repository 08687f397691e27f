"""`privgate prove --asset ID`: a worker of the gateway proves the copy; this asks, waits and tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NoReturn

import typer

from gateway.cli.shown import shown
from gateway.client import Client, Proof, api
from gateway.errors import Misconfigured
from gateway.services.whole_files import write_whole

NOT_PROVEN: Final = 1
FAILED: Final = 2

WORDS: Final = {
    "prove.twin": "the file depends on what its regions hide. The copy was withdrawn and the image is held",
    "prove.content": "the file shows something else than its regions give. The copy was withdrawn and the "
    "image is held",
    "prove.copy": "the file shows what its regions give, and today's twins are equal; but other versions of "
    "the libraries wrote it, so its bytes cannot be had again. It stays. Making the dataset's copies anew "
    "(POST /v1/datasets/ID/rederive, or on its page at the console) makes one that can be proven",
}


def prove_asset(asset: str, url: str, token_file: Path, certificate: Path | None) -> None:
    """Raises Misconfigured without a readable token, and what the client raises."""
    with Client(url, _token(token_file)) as client:
        proof = client.do(api.finished_proof(client.do(api.prove(asset)).id))
    if proof.certificate is None:
        _refuse(proof)
    if certificate is not None:
        write_whole(certificate, proof.certificate.encode())
    facts = json.loads(proof.certificate.partition("\n")[0])
    methods = ", ".join(f"{count} by {name}" for name, count in sorted(facts["methods"].items())) or "none"
    typer.echo(f"PROVEN  {proof.copy_id}: {facts['twins']} twins give this very file")
    typer.echo(f"regions {facts['regions']} ({methods}); bits left of what they hide: {facts['bits_left']}")
    typer.echo(f"proof   {proof.id}, on the log")
    if certificate is not None:
        typer.echo(f"written {shown(certificate)}; check it: python -m audit.certificate")
    typer.echo(facts["claim"])


def _refuse(proof: Proof) -> NoReturn:
    """Says what came of it instead, and ends."""
    if proof.state == "failed":
        typer.echo(f"FAILED ({proof.reason}): nothing could be compared; proof {proof.id}", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"NOT PROVEN ({proof.reason}): {WORDS.get(str(proof.reason), '')}; proof {proof.id}", err=True)
    for name, now in sorted((proof.proved_with or {}).items()):
        then = (proof.made_with or {}).get(name, "unknown")
        if then != now:
            typer.echo(f"{name}: {then} then, {now} now", err=True)
    raise typer.Exit(NOT_PROVEN)


def _token(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"there is no readable token in {file}; name its file with --token-file") from exc
