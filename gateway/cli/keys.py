"""`privgate keys`: the keyring, and the keys that sign the log and certificates."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway import installation
from gateway.cli.options import Data, settings_of
from gateway.vault.keyring import KeyPurpose, LocalKeyring

app = typer.Typer(no_args_is_help=True, help="The keys that seal originals and copies, and sign the log.")


@app.command()
def create(
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Keys that are there are no error.")
    ] = False,
    data: Data = None,
) -> None:
    """Makes the keys of a new installation; never overwrites one."""
    settings = settings_of(data)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if if_missing and installation.keys_exist(settings):
        print(f"the keys in {settings.keys} are there already")
        return
    installation.create_keys(settings)
    print(f"keys made in {settings.keys}: back this folder up apart from the data")


@app.command("list")
def list_keys(data: Data = None) -> None:
    """Shows each key's id, date and state; no secret."""
    settings = settings_of(data)
    for purpose in KeyPurpose:
        for key in LocalKeyring.describe(settings.keys, purpose):
            state = "active" if key.active else "kept for opening"
            print(f"{purpose.value}  {key.id}  {key.created:%Y-%m-%d %H:%M}Z  {state}")
    print(f"checkpoints  {installation.checkpoint_verifier(settings).to_text()}")
    print(f"certificates  {installation.prover_verifier(settings).to_text()}")
