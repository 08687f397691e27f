"""The code by which the first officer proves to be at the installation's own machine.

It lies in the data folder, for its owner alone, until the first officer's account is made.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.vault.durable import new_file

FILE: Final = "set-up.code"
CODE_BYTES: Final = 10
"""80 random bits, as 16 letters and digits: short enough to copy from a terminal, too many to guess."""


def kept_code(data: Path) -> str:
    """The code of this installation, made where there is none yet, and the folder with it. Raises OSError."""
    path = data / FILE
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        text = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode("ascii")
        code = "-".join(text[start : start + 4] for start in range(0, len(text), 4))
        new_file(path, f"{code}\n".encode("ascii"))
    return path.read_text("ascii").strip()


def is_code(data: Path, text: str) -> bool:
    """Compares digests, in a time that tells nothing; False where no code was made."""
    try:
        kept = (data / FILE).read_text("ascii")
    except OSError:
        return False
    return bool(_plain(kept)) and hmac.compare_digest(_digest(kept), _digest(text))


def forget_code(data: Path) -> None:
    (data / FILE).unlink(missing_ok=True)


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()


def _digest(text: str) -> bytes:
    return hashlib.sha256(_plain(text).encode()).digest()
