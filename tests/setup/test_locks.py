"""The locked requirements: by hash, without a host or a path in them, and without torch in the default."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HASHED = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
LOCKS = (*HASHED, "requirements-ocr.lock")

PIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][A-Za-z0-9.!+]*)(?: ; (?P<marker>[^\\]*?))?"
)


def pins(lock: str) -> set[tuple[str, str]]:
    text = (ROOT / lock).read_text("ascii")
    lines = [line.removesuffix(" \\") for line in text.splitlines() if not line.startswith(" ")]
    found = [PIN.fullmatch(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {(match["name"], match["version"]) for match in found if match}


def names(lock: str) -> set[str]:
    return {name for name, _ in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text("ascii")
    assert not re.search(r"https?:|file:|://|--index|--extra-index|--find-links|(?:^|\s)/|@", text)


@pytest.mark.parametrize("lock", HASHED)
def test_every_pin_has_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text("ascii"))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def test_the_default_install_holds_no_torch() -> None:
    heavy = {"torch", "torchvision", "easyocr", "triton", "onnxruntime"}
    for lock in HASHED:
        assert names(lock).isdisjoint(heavy)
        assert not any(name.startswith("nvidia-") for name in names(lock))


def test_the_locks_agree() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock")
    assert pins("requirements-build.lock") <= pins("requirements-dev.lock")
    assert names("requirements-ocr.lock").isdisjoint(names("requirements.lock"))  # it only adds


def test_the_extra_is_pinned_as_the_project_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    said = dict(
        requirement.split("==")
        for requirement in project["project"]["optional-dependencies"]["ocr"]
        if "==" in requirement
    )
    locked = dict(pins("requirements-ocr.lock"))
    assert said.items() <= locked.items()
    assert {"torch": "2.13.0", "torchvision": "0.28.0"}.items() <= locked.items()


def test_all_builds_of_opencv_are_of_one_version() -> None:
    """They write the same `cv2`: two versions would be a mixture."""
    every = pins("requirements-dev.lock") | pins("requirements-ocr.lock")
    versions = {version for name, version in every if name.startswith("opencv-")}
    assert len(versions) == 1


def test_what_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for lock, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", project["optional-dependencies"]["dev"]),
    ):
        asked = {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in wanted}
        assert asked <= names(lock)
