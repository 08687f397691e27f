"""Reason codes in words: why an image is held, waits for a person, or was not taken in."""

from __future__ import annotations

from typing import Final

HELD: Final = {
    "check.geometry": "Copy does not decode as it should",
    "check.metadata": "Copy carried more than pixels",
    "check.outside": "Copy differs outside the regions",
    "check.region": "Region not hidden as planned",
    "decode.timeout": "Decoding took too long",
    "format.unsupported": "Format not on the list",
    "image.malformed": "Could not be decoded",
    "input.empty": "Empty file",
    "job.attempts": "Its worker ended three times",
    "job.deadline": "Took too long to anonymize",
    "limit.bytes": "File too large",
    "limit.exceeded": "Too many pixels",
    "none": "No reason given",
    "prove.content": "Copy showed something else than planned",
    "prove.copy": "Other library versions wrote the copy",
    "prove.version": "Another release made the copy",
    "prove.twin": "Copy depended on what it hides",
    "upload.length": "Not as long as announced",
    "vault.unavailable": "Waits: the store cannot be reached",
    "vault.unreadable": "Sealed original does not open",
    "worker.misconfigured": "No worker has what the policy needs",
    "worker.no_prover_key": "Worker lacks prover.key",
}

KINDS: Final = {
    "face": "Faces",
    "license_plate": "Plates",
    "text": "Texts",
    "code": "Codes",
}

_DOUBTS: Final = {
    "doubtful": "in doubt",
    "expected": "fewer than expected",
    "hit": "found again after redaction",
    "large": "very large",
    "many": "unusually many",
    "too_many": "more than can be hidden",
}

_OTHERS: Final = {
    "overtaken": "A reviewer had decided on the copy before",
    "requeued": "Put through again",
    "sample": "Drawn as a sample",
    "sampled": "Drawn as a sample",
    "reviewed": "Reviewed",
    "zone.frame": "Another shape than a zone's frame",
}


def words(reason: str | None) -> str:
    """What an asset's reason says; several are separated by commas. A code unknown here stays as it is."""
    if not reason:
        return ""
    return "; ".join(_one(code) for code in reason.split(","))


def _one(code: str) -> str:
    if code in HELD:
        return HELD[code]
    if code in _OTHERS:
        return _OTHERS[code]
    kind, _, doubt = code.rpartition(".")
    if doubt in _DOUBTS:
        kind = kind.rpartition(".")[2]
        return f"{KINDS.get(kind, kind.replace('_', ' ').capitalize())} {_DOUBTS[doubt]}"
    if code.startswith("review."):
        return f"Held by a reviewer: {code.removeprefix('review.').replace('_', ' ')}"
    return code
