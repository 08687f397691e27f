"""What each process of the gateway does first: no core dumps, plain logs, death with its parent."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_PR_SET_DUMPABLE = 4


def prepare(*, supervised: bool = False) -> None:
    """No core dump may hold a key or an image; where supervised, this process ends when its parent does."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if supervised:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == 1:  # the parent was gone before we asked
            sys.exit(1)
    logging.basicConfig(
        level=logging.INFO if not supervised else logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
    )
    for chatty in ("alembic", "httpx", "dbos"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
