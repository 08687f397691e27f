"""Deblurring by deconvolution: the kernel is known, its border too, so the blur is turned round. Pure.

Blurs of a region alone mirror it at its edges (OpenCV's default), so in the picture and its mirror images
together they are a product in the frequency domain, exactly.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels

NOISE: Final = 3e-5
"""Wiener's constant: the power of rounding and of JPEG over that of the picture."""
ROUNDS: Final = 60

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


def gaussian_kernel(sigma: float) -> Floats:
    """One row of the kernel that OpenCV uses for uint8, shape (odd,)."""
    side = round(sigma * 6 + 1) | 1
    return np.asarray(cv2.getGaussianKernel(side, sigma), dtype=np.float64).reshape(-1)


def box_kernel(side: int) -> Floats:
    return np.full(side, 1 / side)


def wiener(shown: Pixels, down: Floats, across: Floats, noise: float = NOISE) -> Pixels:
    """The picture of which `shown` is likeliest to be the blur (Wiener, 1949).

    down, across: the kernel's factors, by columns and by rows.
    """
    response = _response(shown, down, across)
    inverse = np.asarray(np.conj(response) / (np.abs(response) ** 2 + noise), dtype=np.complex128)
    return _filtered(shown, inverse)


def richardson_lucy(shown: Pixels, down: Floats, across: Floats, rounds: int = ROUNDS) -> Pixels:
    """The same by so many rounds of Richardson (1972) and Lucy (1974), which never go below zero. In grey."""
    seen = shown.mean(axis=2, dtype=np.float32) + 1
    guess = seen.copy()

    def blurred(picture: Floats32) -> Floats32:
        soft = cv2.sepFilter2D(picture, -1, across, down, borderType=cv2.BORDER_REFLECT_101)
        return np.asarray(soft, dtype=np.float32)

    for _ in range(rounds):  # the kernels are symmetric, so turning one round gives it again
        guess *= blurred(seen / np.maximum(blurred(guess), 1e-3))
    return np.repeat(_rounded(guess[:, :, None] - 1), 3, axis=2)


def _filtered(shown: Pixels, response: NDArray[np.complex128]) -> Pixels:
    whole = _through(_mirrored(shown).astype(np.float64), response)
    return _rounded(whole[: shown.shape[0], : shown.shape[1]])


def _through(whole: Floats, response: NDArray[np.complex128]) -> Floats:
    spectrum = np.fft.rfft2(whole, axes=(0, 1)) * response[:, :, None]
    return np.asarray(np.fft.irfft2(spectrum, s=whole.shape[:2], axes=(0, 1)), dtype=np.float64)


def _mirrored(shown: Pixels) -> Pixels:
    """The picture and its mirror images, of period 2 (n - 1): as BORDER_REFLECT_101 continues it."""
    tall = np.concatenate([shown, shown[-2:0:-1]], axis=0)
    return np.concatenate([tall, tall[:, -2:0:-1]], axis=1)


def _response(shown: Pixels, down: Floats, across: Floats) -> NDArray[np.complex128]:
    height, width = 2 * (shown.shape[0] - 1), 2 * (shown.shape[1] - 1)
    rows = np.fft.fft(_wrapped(down, height))
    columns = np.fft.rfft(_wrapped(across, width))
    return np.asarray(rows[:, None] * columns[None], dtype=np.complex128)


def _wrapped(kernel: Floats, length: int) -> Floats:
    """The kernel around 0 on a circle of this length. OpenCV's anchor is the entry at len // 2."""
    circle = np.zeros(length)
    np.add.at(circle, (np.arange(len(kernel)) - len(kernel) // 2) % length, kernel)
    return circle


def _rounded(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)
