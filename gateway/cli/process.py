"""What each process of the gateway does first: no core dumps, discreet logs, death with its parent."""

from __future__ import annotations

import ctypes
import logging
import os
import resource
import signal
import sys

from gateway.cli.logs import LogFormat, start_logs
from gateway.cli.traces import start_traces
from gateway.errors import Misconfigured
from gateway.native_noise import only_our_words
from gateway.settings import Settings

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_PR_SET_DUMPABLE = 4


def prepare(
    name: str, settings: Settings, *, log_format: LogFormat | None = None, supervised: bool = False
) -> None:
    """No core dump may hold a key or an image; where supervised, this process ends when its parent does.

    log_format: wins over the settings'. Raises Misconfigured for settings of logs and traces that are none.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if supervised:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == 1:  # the parent was gone before we asked
            sys.exit(1)
    only_our_words()
    start_logs(log_format or _format(settings.log_format), _level(settings.log_level, supervised=supervised))
    if settings.otlp_endpoint is not None:
        start_traces(settings.otlp_endpoint, name)


def _format(name: str) -> LogFormat:
    try:
        return LogFormat(name)
    except ValueError as exc:
        raise Misconfigured(f"PRIVGATE_LOG_FORMAT is {' or '.join(LogFormat)}") from exc


def _level(name: str | None, *, supervised: bool) -> int:
    """The level by its name; where none is set, a supervised process only warns."""
    if name is None:
        return logging.WARNING if supervised else logging.INFO
    levels = {known: number for known, number in logging.getLevelNamesMapping().items() if number}
    if name.upper() not in levels:
        raise Misconfigured("PRIVGATE_LOG_LEVEL is debug, info, warning or error")
    return levels[name.upper()]
