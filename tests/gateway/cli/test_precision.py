"""What the networks calculate in is the operator's choice, and the report says which it was."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from tests.gateway.cli.runs import anonymize

