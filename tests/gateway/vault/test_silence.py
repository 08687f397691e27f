"""The vault says nothing: no log record, no output, no plaintext or key beside the sealed bytes."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

import gateway.vault
from gateway.errors import EnvelopeError
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, Sealer, open_sealed
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey

MARKER = b"marker-7f3a-of-a-patient"
CONTEXT = EnvelopeContext("original", "asset-1")
SOURCES = sorted(Path(str(gateway.vault.__file__)).parent.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_module_of_the_vault_can_log_print_or_warn(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not words & {"print", "breakpoint"}
    assert not imported & {"logging", "warnings", "traceback", "pprint", "rich"}


def test_an_object_passes_through_without_a_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    LocalKeyring.create(tmp_path / "keys")
    provider = LocalKeyring.open(tmp_path / "keys", KeyPurpose.ORIGINALS)
    blobs, data_key = BlobStore.local(tmp_path / "blobs"), DataKey.generate()
    wrapped = provider.wrap(data_key, CONTEXT.to_bytes())
    sealer = Sealer(data_key, CONTEXT)
    with blobs.writer("a") as writer:
        for _ in range(100):
            writer.write(sealer.update(MARKER * 1000))
        writer.write(sealer.finish())
        writer.commit()
    assert (
        open_sealed(blobs.get("a"), provider.unwrap(wrapped, CONTEXT.to_bytes()), CONTEXT) == MARKER * 100_000
    )
    with pytest.raises(EnvelopeError) as caught:
        open_sealed(blobs.get("a")[:-1], data_key, CONTEXT)

    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    assert MARKER.decode() not in str(caught.value)
    lying = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert MARKER not in lying
    assert data_key.expose() not in lying
