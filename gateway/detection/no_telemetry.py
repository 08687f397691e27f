"""OpenVINO reports its import to a web analytics service unless told not to. Here it cannot.

`openvino` imports the package `openvino_telemetry` where it is installed, which it is as a dependency, and
has a stub of its own for where it is not. A None in `sys.modules` makes it "not installed", for this process
only. This module must be imported before `openvino`: the package's `__init__` does so first of all.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

sys.modules["openvino_telemetry"] = cast(ModuleType, None)
