"""The console's front-end packages: exactly those of the lock, by whatever npm there is; no host is named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from gateway.web.console.frontend import build

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "gateway/web/console/frontend"


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    """The folder as git has it, with nothing fetched."""
    folder = tmp_path / "frontend"
    folder.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FRONTEND / name, folder)
    return folder


def test_the_wheel_of_node_does_where_there_is_no_npm(
    frontend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    assert build.npm()[0] != "npm"
    build.fetch(frontend, with_tests=False)
    build.copy(frontend / "node_modules", tmp_path / "vendor")
    built = {path.name: path.read_bytes() for path in (tmp_path / "vendor").iterdir()}
    installed = ROOT / "gateway/web/console/static/vendor"
    assert built == {path.name: path.read_bytes() for path in installed.iterdir()}


def test_a_package_that_is_not_the_locked_one_is_refused(frontend: Path) -> None:
    lock = json.loads((frontend / "package-lock.json").read_text())
    lock["packages"]["node_modules/htmx.org"]["integrity"] = "sha512-" + "A" * 86 + "=="
    (frontend / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(RuntimeError, match="EINTEGRITY"):
        build.fetch(frontend, with_tests=False)


def test_a_file_that_a_package_no_longer_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"htmx\.min\.js is not in its package"):
        build.copy(tmp_path, tmp_path / "vendor")


def test_the_lock_has_a_hash_for_each_package_and_names_no_host() -> None:
    text = (FRONTEND / "package-lock.json").read_text()
    packages = [one for path, one in json.loads(text)["packages"].items() if path]
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages)
    assert "resolved" not in text


def test_what_was_copied_says_under_which_licence_it_stands() -> None:
    told = json.loads((ROOT / "gateway/web/console/static/vendor/LICENSES.json").read_text())
    assert {one["name"] for one in told} == build.packages_of(build.TAKEN)
    assert {one["license"] for one in told} <= {"0BSD", "BSD-3-Clause", "MIT", "Apache-2.0", "MPL-2.0"}


def test_no_script_of_a_package_runs() -> None:
    assert "ignore-scripts=true" in (FRONTEND / ".npmrc").read_text().splitlines()
    assert os.environ.get("npm_config_ignore_scripts") != "false"  # noqa: SIM112  (npm's own spelling)
