"""`privgate prove --asset ID | --dataset ID`: a worker of the gateway proves; this asks, waits and tells."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
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
    "prove.version": "another release or other libraries made the file, and hid its regions otherwise than "
    "today's would. That shows no leak, and proves nothing. Making the dataset's copies anew makes one that "
    "can be proven",
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where it is, and whose token is sent."""

    url: str
    token_file: Path

    def client(self) -> Client:
        """Raises Misconfigured without a readable token."""
        return Client(self.url, _token(self.token_file))


def prove_sample(gateway: Gateway, dataset: str, sample: int) -> None:
    """A line a copy, and what it comes to. Raises Misconfigured, and what the client raises."""
    outcomes: Counter[str] = Counter()
    with gateway.client() as client:
        for asked in client.do(api.prove_sample(dataset, sample=sample)):
            proof = client.do(api.finished_proof(asked.id))
            outcomes[proof.state] += 1
            reason = f"  {proof.reason}" if proof.reason else ""
            typer.echo(f"{proof.state}  {proof.copy_id}  {proof.id}{reason}")
    typer.echo(", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(outcomes.items())))
    if outcomes["not_proven"]:
        raise typer.Exit(NOT_PROVEN)
    if outcomes["failed"]:
        raise typer.Exit(FAILED)


def prove_asset(gateway: Gateway, asset: str, certificate: Path | None) -> None:
    """Raises Misconfigured without a readable token, and what the client raises."""
    with gateway.client() as client:
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
