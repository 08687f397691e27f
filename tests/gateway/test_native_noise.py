"""Of what a process prints to standard error, only what Python code wrote arrives."""

from __future__ import annotations

import subprocess
import sys

NOISY = """
import os, sys
from gateway.native_noise import only_our_words
only_our_words()
os.write(2, b"a library's line\\n")
print("our line", file=sys.stderr)
{then}
"""


def _printed(then: str = "") -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", NOISY.format(then=then)], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_a_native_library_is_not_heard() -> None:
    assert _printed() == (0, "our line\n")


def test_a_crash_still_says_where_it_was() -> None:
    status, printed = _printed("os.abort()")
    assert status == -6
    assert "Fatal Python error: Aborted" in printed
    assert 'File "<string>"' in printed
