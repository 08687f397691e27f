"""A server that shows no pixels loads nothing that draws them: its process stays small and starts soon."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "cv2", "PIL", "openvino"}


def test_the_server_loads_no_image_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, gateway.web.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "gateway.web.app" in loaded
    assert not HEAVY & loaded
