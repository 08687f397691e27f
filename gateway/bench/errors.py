"""What can be wrong with a bench run.

GatewayError
└── BenchError             the run cannot begin, or cannot go on
    ├── InvalidAnnotations     labelled data that is not COCO, is not there, or labels nothing asked for
    ├── InvalidResults         a result file of an earlier run that is none, or shares no image with this one
    └── PeerUnusable           the other tool cannot be started, or wrote nothing at all
"""

from __future__ import annotations

from gateway.errors import GatewayError


class BenchError(GatewayError):
    """The base of this room's errors."""


class InvalidAnnotations(BenchError):
    """The labelled data cannot be used; the message names the file and the remedy."""


class InvalidResults(BenchError):
    """Not the result file of a bench run that this one can be compared to."""


class PeerUnusable(BenchError):
    """The command of --against does not run."""
