"""Runs `privgate anonymize` so that the worker of one file kills itself while it is at that file.

LOSE names the file, LOSE_AT a point of POINTS. The kill is SIGKILL, so nothing is flushed or cleaned up. The
workers import the main module too: what is armed here is armed in every one of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from gateway.cli import main
from gateway.services import anonymize_files

POINTS = {
    "before it is read": ("_read", False),
    "before its copy is written": ("write_whole", False),
    "after its copy was written, before that is told": ("write_whole", True),
}
"""By point: the function that the worker dies at, and whether after it."""


def _deadly(work: Callable[..., Any], name: str, after: bool) -> Callable[..., Any]:
    def deadly(job_or_path: Any, *rest: Any) -> Any:
        concerned = getattr(job_or_path, "source", job_or_path).name == name
        if concerned and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(job_or_path, *rest)
        if concerned:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


if __name__ in ("__main__", "__mp_main__"):
    _target, _after = POINTS[os.environ["LOSE_AT"]]
    setattr(anonymize_files, _target, _deadly(getattr(anonymize_files, _target), os.environ["LOSE"], _after))
if __name__ == "__main__":
    main()
