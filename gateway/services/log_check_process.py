"""The process that verifies the log for the server: `python -m gateway.services.log_check_process`.

One of its own, since reading a million entries keeps an interpreter busy for a minute and the server's has
pages to answer. It is nice, it opens the database to read and for nothing else, and it holds no key but the
log's public one. On standard input one JSON object: {"database": URL, "key": TEXT, "outside": PATH or null};
out come lines, {"done": ENTRIES} while it reads and {"report": {…}, …} at the end.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, Final

from audit.note import CheckpointVerifier
from audit.report import Report
from gateway.services.audit_log import AuditLog
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import log_index

NICENESS: Final = 10
TELL_SECONDS: Final = 0.5
SHOWN: Final = 50
"""Findings that are kept of a report: a page shows them; a log that is bent in more places is exported."""


def main() -> None:
    os.nice(NICENESS)
    order = json.loads(sys.stdin.readline())
    database = Database(order["database"])
    try:
        began = time.monotonic()
        outside = None if order["outside"] is None else Path(order["outside"])
        log = AuditLog(database, CheckpointVerifier.parse(order["key"]), outside, utc_now)
        report = log.verify_here(on_entry=_Teller())
        with database.reading() as session:
            listed = log_index.listed(session.connection())
        _say({"report": shortened(report), "seconds": round(time.monotonic() - began, 1), **_facts(listed)})
    finally:
        database.close()


def shortened(report: Report) -> dict[str, Any]:
    """As JSON, with the first findings; how many there are stands in `failures` and `findings_in_all`."""
    found: dict[str, Any] = json.loads(report.to_json())
    # What failed says more than what is worth a remark.
    findings = sorted(found["findings"], key=lambda finding: finding["severity"] != "failure")
    return {**found, "findings": findings[:SHOWN], "findings_in_all": len(findings)}


def _facts(listed: int) -> dict[str, int]:
    return {"listed": listed, "peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    """This process's own peak; `getrusage` would tell the server's, from which it was forked."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    return 0 if found is None else int(found[1]) * 1024


class _Teller:
    """Called once an entry; tells how many there were, now and then."""

    def __init__(self) -> None:
        self._done, self._told = 0, time.monotonic()

    def __call__(self) -> None:
        self._done += 1
        if self._done % 1000 == 0 and time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            _say({"done": self._done})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
