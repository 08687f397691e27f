"""Which code ran: a version number says little while the code is being worked on."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import gateway
import policies


@cache
def code_digest() -> str:
    """SHA-256 over every Python file and preset of the product that has a part in what a copy looks like."""
    digest = hashlib.sha256()
    for package in (gateway, policies):
        root = Path(package.__path__[0])
        for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml")):
            # What only presents results does not change them.
            if path.is_relative_to(root / "bench") or path.is_relative_to(root / "cli"):
                continue
            digest.update(path.relative_to(root.parent).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return "sha256:" + digest.hexdigest()
