"""What native libraries print to standard error goes nowhere: it is neither a log line nor a user's message.

The inference libraries write there when and from which thread they like: some fifty lines at their start,
one more at the first image whose memory is not aligned. In JSON logs each such line would be no object, and
nobody can vouch for the words in it.
"""

from __future__ import annotations

import faulthandler
import os
import sys


def only_our_words() -> None:
    """From now on this process's `sys.stderr` alone reaches standard error; descriptor 2 leads nowhere.

    A crash still tells where the Python code was. Call it once, before anything keeps `sys.stderr`.
    """
    sys.stderr.flush()
    ours = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = ours
    faulthandler.enable(ours)
