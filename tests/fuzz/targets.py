"""What is fuzzed: readers of bytes that strangers send, each with the errors it may raise and sound inputs.

Anything else that a reader raises is a defect.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from audit.checkpoint import Checkpoint, open_note, sign
from audit.entry import Entry
from audit.errors import AuditError
from audit.export import LoggedCheckpoint, parse_line, record_line
from audit.note import CheckpointSigner, CheckpointVerifier
from gateway.errors import EnvelopeError, InputRefused, Misconfigured, OutputCheckFailed
from gateway.imaging.containers import MalformedContainer
from gateway.imaging.decode import decode
from gateway.imaging.formats import sniff
from gateway.imaging.heif import transforms
from gateway.imaging.image import ImageFormat, Limits
from gateway.imaging.png_texts import texts, without_texts
from gateway.imaging.protocol import Decoded, ProtocolError, parse_reply, reply_of
from gateway.imaging.refusals import Refused
from gateway.imaging.structure import check_structure, is_lossless
from gateway.labels.coco import from_text
from gateway.own_models.entry import parse_entry
from gateway.vault.envelope import EnvelopeContext, open_sealed, seal
from gateway.vault.keys import DataKey, WrappedKey
from gateway.web.api.resumable import file_name_of
from policies.errors import InvalidPolicy
from policies.policy import Policy, preset_names
from tests.fuzz import seeds

# Smaller than the real ones, so that more files are tried in the same time; confined.py takes the real ones.
LIMITS: Final = Limits(max_pixels=2_000_000)

_KEY: Final = DataKey(bytes(range(32)))
_CONTEXT: Final = EnvelopeContext("original", "asset")
_SIGNER: Final = CheckpointSigner("log.example/fuzz", bytes(32))


@dataclass(frozen=True, slots=True)
class Target:
    """read: returns, or raises what it may not. seeds: inputs that it takes."""

    read: Callable[[bytes], None]
    seeds: Callable[[], tuple[bytes, ...]]


def _decode(data: bytes) -> None:
    with suppress(InputRefused):
        decode(data, LIMITS)


def _structure(data: bytes) -> None:
    with suppress(Refused):
        sniff(data)
    for image_format in (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP):
        with suppress(OutputCheckFailed):
            check_structure(data, image_format)
        with suppress(MalformedContainer):
            is_lossless(data, image_format)
    with suppress(MalformedContainer, Refused):
        transforms(data)
    assert not list(texts(without_texts(data)))
    list(texts(data))


def _protocol(data: bytes) -> None:
    with suppress(ProtocolError):
        parse_reply(data, LIMITS)


def _policy(data: bytes) -> None:
    with suppress(InvalidPolicy):
        policy = Policy.parse(_text(data))
        assert Policy.parse(policy.canonical().decode()).canonical() == policy.canonical()


def _entry_of_model(data: bytes) -> None:
    with suppress(Misconfigured):
        parse_entry(_text(data), origin="fuzz.yaml")


def _envelope(data: bytes) -> None:
    with suppress(EnvelopeError):
        open_sealed(data, _KEY, _CONTEXT)
    with suppress(EnvelopeError):
        key = WrappedKey.parse(data)
        assert key.to_bytes() == data


def _audit(data: bytes) -> None:
    with suppress(AuditError):
        assert Entry.parse(data).to_bytes() == data
    with suppress(AuditError):
        parse_line(data)
    text = _text(data)
    with suppress(AuditError):
        assert Checkpoint.parse(text).to_text() == text
    with suppress(AuditError):
        open_note(text, _SIGNER.verifier)
    with suppress(AuditError):
        assert CheckpointVerifier.parse(text).to_text() == text.strip()


def _labels(data: bytes) -> None:
    """What the database holds of labels; a reader of our own JSON."""
    with suppress(ValueError, KeyError, TypeError):
        from_text(_text(data))


def _upload(data: bytes) -> None:
    with suppress(InputRefused):
        file_name_of(_text(data))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


@cache
def _replies() -> tuple[bytes, ...]:
    decoded = Decoded(20, 30, ImageFormat.WEBP, True, "jane doe")
    return reply_of(decoded), reply_of(Refused("limit.pixels", 5, 6, 7))


@cache
def _policies() -> tuple[bytes, ...]:
    presets = files("policies") / "presets"
    return tuple((presets / f"{name}.yaml").read_bytes() for name in preset_names())


def _models() -> tuple[bytes, ...]:
    return (b"name: a\nkinds: [face]\nfile: a.onnx\nsha256: " + b"0" * 64 + b"\n",)


@cache
def _sealed() -> tuple[bytes, ...]:
    wrapped = WrappedKey("kek-1", "AES-256-GCM", bytes(60))
    return seal(b"a picture", _KEY, _CONTEXT), wrapped.to_bytes()


@cache
def _log() -> tuple[bytes, ...]:
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    entry = Entry("w1", 0, bytes(32), when, "u1", "copy.delivered", "c1", {"count": 3})
    point = Checkpoint(_SIGNER.name, 7, bytes(range(32)))
    note = sign(point, _SIGNER)
    return (
        entry.to_bytes(),
        point.to_text().encode(),
        note.encode(),
        _SIGNER.verifier.to_text().encode(),
        record_line(LoggedCheckpoint(note)).encode(),
        json.dumps({"export": 1}).encode(),
    )


TARGETS: Final[dict[str, Target]] = {
    "decode": Target(_decode, seeds.images),
    "structure": Target(_structure, seeds.images),
    "protocol": Target(_protocol, _replies),
    "policy": Target(_policy, _policies),
    "model-entry": Target(_entry_of_model, _models),
    "envelope": Target(_envelope, _sealed),
    "audit": Target(_audit, _log),
    "labels": Target(_labels, lambda: (b"[]",)),
    "upload": Target(_upload, lambda: (b"filename YS5qcGc=,kind aW1hZ2U=",)),
}
