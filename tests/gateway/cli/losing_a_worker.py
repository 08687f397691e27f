"""Runs `privgate anonymize` so that the workers of some files kill themselves while they are at them.

LOSE is a JSON object: a point of POINTS by file name. The kill is SIGKILL, so nothing is flushed or cleaned
up. The workers import the main module too: what is armed here is armed in every one of them.
"""

from __future__ import annotations

import json
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


def _deadly(function: str, lost: dict[str, str]) -> Callable[..., Any]:
    work = getattr(anonymize_files, function)

    def deadly(job_or_path: Any, *rest: Any) -> Any:
        point = POINTS.get(lost.get(getattr(job_or_path, "source", job_or_path).name, ""))
        if point == (function, False):
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(job_or_path, *rest)
        if point == (function, True):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


if __name__ in ("__main__", "__mp_main__"):
    for _function in ("_read", "write_whole"):
        setattr(anonymize_files, _function, _deadly(_function, json.loads(os.environ["LOSE"])))
if __name__ == "__main__":
    main()
