"""The key that signs certificates of the twin test: made once, beside the others, and never replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import installation
from gateway.errors import KeyringError
from gateway.services.backup.key_file import restore_keys, write_keys
from gateway.services.doctor.keys import prover_pair
from gateway.services.findings import Level
from gateway.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings.read({"HOME": str(tmp_path)}, data=tmp_path / "data")
    installation.create_keys(made)
    return made


def secret(settings: Settings) -> Path:
    return settings.keys / installation.PROVER_SECRET


def public(settings: Settings) -> Path:
    return settings.keys / installation.PROVER_PUBLIC


def test_it_is_its_owners_alone_and_named_for_its_log(settings: Settings) -> None:
    signer = installation.prover_signer(settings)
    assert signer.verifier == installation.prover_verifier(settings)
    assert signer.name == f"{installation.checkpoint_verifier(settings).name}.prover"
    assert signer.verifier.public != installation.checkpoint_verifier(settings).public
    assert secret(settings).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in public(settings).read_text()


def test_an_installation_of_an_earlier_release_gets_it_and_keeps_its_other_keys(settings: Settings) -> None:
    secret(settings).unlink()
    public(settings).unlink()
    kept = {file.name: file.read_bytes() for file in settings.keys.iterdir()}
    assert not installation.keys_exist(settings)
    installation.create_keys(settings)
    assert installation.keys_exist(settings)
    assert {name: (settings.keys / name).read_bytes() for name in kept} == kept
    with pytest.raises(KeyringError, match="exists already"):
        installation.create_keys(settings)


def test_a_public_key_that_a_crash_left_out_is_made_of_the_private_one(settings: Settings) -> None:
    before = public(settings).read_text()
    public(settings).unlink()
    installation.create_keys(settings)
    assert public(settings).read_text() == before


def test_a_lost_private_key_is_not_replaced_behind_the_auditors_back(settings: Settings) -> None:
    secret(settings).unlink()
    with pytest.raises(KeyringError, match="restore it from its backup"):
        installation.create_keys(settings)
    assert not secret(settings).exists()


def test_on_a_workers_own_machine_nothing_is_made_and_what_to_copy_is_told(settings: Settings) -> None:
    for name in ("checkpoint.key", "checkpoint.pub", "prover.key", "prover.pub", "fingerprints.json"):
        (settings.keys / name).unlink()
    with pytest.raises(KeyringError, match=r"Of fingerprints\.json, .*prover\.key, .*copy what this machine"):
        installation.create_keys(settings)
    assert {file.name for file in settings.keys.iterdir()} == {"originals.json", "copies.json", "log.json"}


def test_it_goes_into_the_keys_backup_and_back(settings: Settings, tmp_path: Path) -> None:
    write_keys(settings.keys, tmp_path / "keys.json")
    restore_keys(tmp_path / "keys.json", tmp_path / "again")
    assert (tmp_path / "again" / secret(settings).name).read_bytes() == secret(settings).read_bytes()


def test_the_doctor_says_what_is_wrong_with_it(settings: Settings, tmp_path: Path) -> None:
    def level() -> tuple[Level, str]:
        (found,) = prover_pair(
            lambda: installation.prover_signer(settings), lambda: installation.prover_verifier(settings)
        )
        return found.level, found.message

    assert level()[0] is Level.FINE
    other = Settings.read({"HOME": str(tmp_path)}, data=tmp_path / "other")
    installation.create_keys(other)
    public(settings).write_text(public(other).read_text())
    assert level()[0] is Level.BROKEN
    assert "not a pair" in level()[1]
    secret(settings).chmod(0o644)
    assert "chmod 600" in level()[1] or "can be read by others" in level()[1]
