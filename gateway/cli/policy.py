"""`privgate policy`: check a policy, tell two apart, try one on real originals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Data, known_detectors
from policies.advice import warnings
from policies.diff import compare
from policies.policy import load_policy

app = typer.Typer(no_args_is_help=True, help="Policies: check, diff, preview.")

NamedPolicy = Annotated[str, typer.Argument(metavar="FILE|PRESET", help="A policy's file, or a preset.")]


@app.command()
def check(policy: NamedPolicy) -> None:
    """Says whether a policy is valid, what its version is, and what in it is probably not meant.

    Status 0: valid; 2: not, and each fault is told by its line.
    """
    loaded = load_policy(policy, detectors=known_detectors())
    print(f"valid: {loaded.name}")
    print(f"version {loaded.version}")
    for rule in sorted(loaded.rules, key=lambda rule: rule.kind):
        second = f"; second opinion {', '.join(rule.second_opinion)}" if rule.second_opinion else ""
        which = "; identifiers only, lines are read by easyocr" if rule.reads else ""
        print(f"  {rule.kind.value}: {rule.method.value}; {', '.join(rule.detectors)}{second}{which}")
    for warning in warnings(loaded):
        print(f"warning: {warning}")


@app.command()
def diff(old: NamedPolicy, new: NamedPolicy) -> None:
    """Tells what the second policy does differently from the first, in words."""
    found = compare(
        load_policy(old, detectors=known_detectors()), load_policy(new, detectors=known_detectors())
    )
    for sentence in found.sentences():
        print(sentence)
    if not found.changes:
        print("the same: no difference")
        return
    effects = [word for word, holds in (("stricter", found.stricter), ("laxer", found.laxer)) if holds]
    print(f"altogether: {' and '.join(effects) or 'nothing is hidden otherwise'}")


@app.command()
def preview(
    dataset: Annotated[str, typer.Option(metavar="ID", help="Whose newest originals it is tried on.")],
    policy: Annotated[str, typer.Option(metavar="FILE|PRESET", help="The policy to try.")],
    last: Annotated[int, typer.Option(min=1, max=200, help="How many of the newest originals.")] = 20,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page of the rectangles; it shows no image.")
    ] = None,
    data: Data = None,
) -> None:
    """Tries a policy on real originals: what it newly hides and newly shows. Stores nothing.

    It opens originals, in memory, so it needs their key; who looked at how many is on the log.
    """
    # Imported here: detection's libraries take a second that the other commands need not wait for.
    from gateway.cli.policy_page import write_page
    from gateway.cli.policy_trial import try_policy

    trial = try_policy(load_policy(policy, detectors=known_detectors()), dataset, last, data)
    for line in trial.lines():
        print(line)
    if html is not None:
        write_page(html, trial)
        print(f"written to {html}")
