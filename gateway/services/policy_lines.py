"""Where in a policy's document its rules stand: the line that a reviewer is told."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session

from gateway.store.queries import policies
from policies import document
from policies.model import Kind
from policies.policy import PRESETS, load_policy, preset_names


def rule_lines(session: Session, version: str) -> Mapping[Kind, int]:
    """The line, from 1, of each kind's rule; nothing where the document as it was written is not there."""
    source = _source(session, version)
    if source is None:
        return {}
    loaded, lines = document.load(source)
    rules = loaded.get("rules", ()) if isinstance(loaded, dict) else ()
    return {Kind(rule["kind"]): lines["rules", number] for number, rule in enumerate(rules)}


def _source(session: Session, version: str) -> str | None:
    """As it was uploaded, or as the preset is written."""
    proposal = policies.of_version(session, version)
    if proposal is not None:
        return proposal.source
    named = (name for name in preset_names() if load_policy(name).version == version)
    return next(((PRESETS / f"{name}.yaml").read_text("utf-8") for name in named), None)
