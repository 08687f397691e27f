"""This code's version, as copies, reports and the API name it."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("privgate")
