"""Logs: what libraries and exceptions say stays inside; what is told is ids, codes and places."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from gateway.cli.process import _level
from gateway.cli.traces import check_endpoint
from gateway.errors import Misconfigured

MARK = "zzmarkzz"

START = """
import logging, sys, threading, warnings, asyncio
from gateway.cli.logs import LogFormat, start_logs
from gateway.correlation import correlation
start_logs(LogFormat({form!r}), logging.DEBUG)
MARK = {mark!r}
"""


def said(code: str, form: str = "json") -> list[str]:
    """The lines on standard error of a process that begins its logs and then runs the code."""
    program = START.format(form=form, mark=MARK) + code
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stdout == ""
    return done.stderr.splitlines()


def only(code: str) -> dict[str, Any]:
    (line,) = said(code)
    told: dict[str, Any] = json.loads(line)
    return told


def test_our_own_words_and_fields_and_what_is_served_are_told() -> None:
    code = """
correlation.set("asset-5f0c")
fields = {"state": "released"}
logging.getLogger("privgate.worker").info("job ended: %s", "released", extra={"fields": fields})
"""
    told = only(code)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "privgate.worker",
        "message": "job ended: released",
        "id": "asset-5f0c",
        "state": "released",
    }
    (plain,) = said(code, "plain")
    assert plain.endswith(" INFO privgate.worker: job ended: released [asset-5f0c]")


@pytest.mark.parametrize("form", ["plain", "json"])
@pytest.mark.parametrize(
    "code",
    [
        "logging.getLogger('dbos').error(f'a workflow failed: {MARK}')",
        "logging.getLogger('sqlalchemy.engine').warning('statement %s', MARK)",
        "logging.getLogger('uvicorn.error').error(f'Traceback … {MARK}')",
        "logging.getLogger('privgateer').error(MARK)",
        "warnings.warn(f'odd: {MARK}')",
        "raise ValueError(MARK)",
        "threading.Thread(target=lambda: open(f'/{MARK}')).start()",
        "async def fail(): raise ValueError(MARK)\nasyncio.run(fail())",
        "class A:\n    def __del__(self): raise ValueError(MARK)\nA()",
        """
try:
    raise ValueError(MARK)
except ValueError:
    logging.getLogger('uvicorn.error').exception('Exception in ASGI application\\n')
""",
    ],
)
def test_no_words_of_libraries_or_exceptions_pass(code: str, form: str) -> None:
    lines = said(code, form)
    assert lines  # told all the same
    assert MARK not in "".join(lines)


def test_an_exception_is_told_by_type_and_place() -> None:
    told = only("def inner(): raise ValueError(MARK)\ndef outer(): inner()\nouter()")
    assert told["exception"] == "ValueError"
    assert [place.split(":")[-1] for place in told["at"]] == ["inner", "outer", "<module>"]


def test_a_library_is_told_by_its_place() -> None:
    told = only("logging.getLogger('a.library').error('words')")
    assert told["message"] == "withheld, said at <string>:7"


def test_what_keeps_the_server_from_listening_is_told() -> None:
    told = only("import errno\nlogging.getLogger('uvicorn.error').error(OSError(errno.EADDRINUSE, 'taken'))")
    assert told["message"] == "cannot listen: taken"


def test_settings_that_are_none_are_refused() -> None:
    assert _level(None, supervised=True) == 30
    assert _level("debug", supervised=True) == 10
    with pytest.raises(Misconfigured, match="PRIVGATE_LOG_LEVEL"):
        _level("loud", supervised=False)


@pytest.mark.parametrize("endpoint", ["http://collector.example:4318", "collector:4318", "file:///tmp/x"])
def test_spans_do_not_leave_the_machine_in_the_clear(endpoint: str) -> None:
    with pytest.raises(Misconfigured, match="https"):
        check_endpoint(endpoint)


@pytest.mark.parametrize("endpoint", ["https://collector.example:4318", "http://127.0.0.1:4318"])
def test_verified_or_local_collectors_are_taken(endpoint: str) -> None:
    check_endpoint(endpoint)
