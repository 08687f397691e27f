"""The logs of the gateway's processes: ids and codes only, plain or one JSON object a line.

What our own code logs is written so that nothing from outside is in it. What a library logs is not ours to
vouch for: its words may hold a path, a header, an exception's text. Of those only the place is told, and the
type of the exception; the few sentences of the web server that are known to be its own pass.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType
from typing import Any, Final

from gateway.correlation import correlation

OURS: Final = "privgate"

WEB_SERVER: Final = "uvicorn.error"
KNOWN: Final = (
    "Started server process",
    "Waiting for",
    "Application startup complete",
    "Application shutdown complete",
    "Uvicorn running on",
    "Shutting down",
    "Finished server process",
    "Invalid HTTP request received.",
    "Exception in ASGI application",
    "Cancel %s running task(s)",
)
"""How the web server's own sentences begin; none takes in anything of a request."""

FRAMES: Final = 12
"""Of a traceback, the innermost: enough to find the place."""

LIBRARIES: Final = ("alembic", "httpx", "dbos")
"""Chatty ones: told from WARNING on, whatever the level."""


class LogFormat(StrEnum):
    PLAIN = "plain"
    JSON = "json"


def start_logs(log_format: LogFormat, level: int) -> None:
    """From now on everything that this process says goes to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format is LogFormat.JSON else PlainLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for chatty in LIBRARIES:
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    # DBOS brings a handler of its own unless its logger has one.
    jobs = logging.getLogger("dbos")
    jobs.handlers, jobs.propagate = [handler], False
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


class PlainLines(logging.Formatter):
    """Time, level, logger, message; then the id of what was being served and the exception's place."""

    def format(self, record: logging.LogRecord) -> str:
        told = f"{_time(record)} {record.levelname} {record.name}: {message_of(record)}"
        if served := correlation.get():
            told += f" [{served}]"
        if raised := exception_of(record):
            told += f" ({raised['exception']} at {' < '.join(raised['at'])})"
        return told


class JsonLines(logging.Formatter):
    """One object a line; a record's own fields (`extra={"fields": {…}}`) beside time, level and message."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
        }
        if served := correlation.get():
            told["id"] = served
        if _is_ours(record):
            told |= getattr(record, "fields", {})
        return json.dumps(told | exception_of(record))


def message_of(record: logging.LogRecord) -> str:
    """The record's words if they are ours or known; else where in which library they were said."""
    if _is_ours(record):
        return record.getMessage()
    if record.name == WEB_SERVER:
        if isinstance(record.msg, str) and record.msg.startswith(KNOWN):
            return record.getMessage().rstrip()
        if isinstance(record.msg, OSError):  # it cannot listen: the words would hold the address only
            return f"cannot listen: {record.msg.strerror or type(record.msg).__name__}"
    return f"withheld, said at {record.module}:{record.lineno}"


def exception_of(record: logging.LogRecord) -> dict[str, Any]:
    """The type and the place of the exception, never its words."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, _, trace = record.exc_info
    return {"exception": kind.__name__, "at": _places(trace)}


def _places(trace: TracebackType | None) -> list[str]:
    """Innermost first: file, line, function; a file by its name, since folders tell of the machine."""
    frames = extract_tb(trace)[-FRAMES:]
    return [f"{PurePath(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in reversed(frames)]


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == OURS or record.name.startswith(f"{OURS}.")


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _uncaught(
    kind: type[BaseException], value: BaseException, trace: TracebackType | None, where: str = "the process"
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(OURS).critical("%s ends by an error", where, exc_info=(kind, value, trace))


def _uncaught_in_thread(raised: threading.ExceptHookArgs) -> None:
    if raised.exc_value is not None:
        _uncaught(raised.exc_type, raised.exc_value, raised.exc_traceback, "a thread")


def _unraisable(raised: Any) -> None:  # Any: the interpreter's own type, not importable
    if raised.exc_value is not None:
        _uncaught(raised.exc_type, raised.exc_value, raised.exc_traceback, "a clean-up")
