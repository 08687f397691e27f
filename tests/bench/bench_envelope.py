"""Sealing and opening against bare AES-GCM on the same bytes: `python -m tests.bench.bench_envelope [MIB]`.

The ratio is what counts: it is taken in one run, by turns, so that another machine or a busy one moves both
sides. Bare means one AES-256-GCM call over the whole plaintext, with no chunks, header or key derivation.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.vault.envelope import EnvelopeContext, open_sealed, seal
from gateway.vault.keys import DataKey

ROUNDS = 7


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def by_turns(ours: Callable[[], object], bare: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, alternating; one round before that counts for neither."""
    rounds = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS + 1)][1:]
    return median(one for one, _ in rounds), median(two for _, two in rounds)


def report(what: str, mib: int, ours: float, bare: float) -> None:
    print(
        f"{what:5} {mib} MiB: {mib / ours:6.0f} MiB/s, bare AES-GCM {mib / bare:6.0f} MiB/s, "
        f"ratio {bare / ours:.2f}"
    )


def main(mib: int) -> None:
    plaintext = bytes(mib << 20)
    data_key, context = DataKey.generate(), EnvelopeContext("original", "bench")
    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    sealed, encrypted = seal(plaintext, data_key, context), cipher.encrypt(nonce, plaintext, None)
    report(
        "seal",
        mib,
        *by_turns(lambda: seal(plaintext, data_key, context), lambda: cipher.encrypt(nonce, plaintext, None)),
    )
    report(
        "open",
        mib,
        *by_turns(
            lambda: open_sealed(sealed, data_key, context), lambda: cipher.decrypt(nonce, encrypted, None)
        ),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
