"""Small networks of torch (the extra `ocr`): one reads strings, two restore. Seeded, one thread."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

BATCH: Final = 64
RATE: Final = 2e-3


class NoTorch(Exception):
    """The extra `ocr` is not installed."""


def torch_of_one_thread() -> Any:
    try:
        import torch
    except ImportError as exc:
        raise NoTorch("this attack trains a network: install the extra `ocr`, which brings torch") from exc
    torch.set_num_threads(1)
    return torch


class Reader:
    """Pictures of one size to a string of a fixed length: convolutions, then a layer for all places."""

    def __init__(self, places: int, characters: int, size: tuple[int, int], seed: int) -> None:
        torch = torch_of_one_thread()
        torch.manual_seed(seed)
        layers = torch.nn
        height, width = size[0] // 8, size[1] // 4
        self._shape = (places, characters)
        self._net = layers.Sequential(
            layers.Conv2d(1, 24, 3, 2, 1), layers.BatchNorm2d(24), layers.ReLU(),
            layers.Conv2d(24, 48, 3, 2, 1), layers.BatchNorm2d(48), layers.ReLU(),
            layers.Conv2d(48, 64, 3, (2, 1), 1), layers.BatchNorm2d(64), layers.ReLU(),
            layers.Flatten(), layers.Dropout(0.2),
            layers.Linear(64 * height * width, places * characters),
        )  # fmt: skip
        self._seed = seed

    def train(self, pictures: Floats, texts: Labels, epochs: int) -> None:
        """pictures: shape (n, height, width). texts: indices, shape (n, places)."""
        torch = torch_of_one_thread()
        places, characters = self._shape

        def loss(found: Any, wanted: Any) -> Any:
            scores = found.reshape(-1, places, characters).transpose(1, 2)
            return torch.nn.functional.cross_entropy(scores, wanted)

        _fit(self._net, pictures[:, None], texts, loss, epochs, self._seed)

    def read(self, pictures: Floats) -> Labels:
        scores = _through(self._net, pictures[:, None]).reshape(-1, *self._shape)
        return np.asarray(scores.argmax(axis=2), dtype=np.int64)


class Restorer:
    """Hidden pictures to what they may have been: six dilated convolutions that add to what they see.

    Together they see 127 pixels around each one, so most of a plate.
    """

    def __init__(self, seed: int) -> None:
        torch = torch_of_one_thread()
        torch.manual_seed(seed)
        layers = torch.nn
        parts: list[Any] = []
        channels = 1
        for spread in (1, 2, 4, 8, 16, 1):
            parts += [layers.Conv2d(channels, 12, 3, 1, spread, spread), layers.ReLU()]
            channels = 12
        self._net = layers.Sequential(*parts, layers.Conv2d(channels, 1, 3, 1, 1))
        self._seed = seed

    def train(self, hidden: Floats, wanted: Floats, epochs: int) -> None:
        """Both: shape (n, height, width)."""
        torch = torch_of_one_thread()
        _fit(
            self._net,
            hidden[:, None],
            (wanted - hidden)[:, None],
            torch.nn.functional.l1_loss,
            epochs,
            self._seed,
        )

    def restore(self, hidden: Floats) -> Floats:
        return np.asarray(hidden + _through(self._net, hidden[:, None])[:, 0], dtype=np.float32)


class FaceRestorer:
    """Hidden faces in colour to what they may have been: down to an eighth of the sides and up again.

    Down there all of a face is seen at once, so that it can be drawn anew where nothing of it is left.
    """

    def __init__(self, seed: int) -> None:
        torch = torch_of_one_thread()
        torch.manual_seed(seed)
        layers = torch.nn
        halves = (32, 48, 64)

        def block(inside: int, outside: int, stride: int = 1) -> Any:
            return layers.Sequential(
                layers.Conv2d(inside, outside, 3, stride, 1), layers.BatchNorm2d(outside), layers.ReLU()
            )

        class Net(layers.Module):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.first = layers.Sequential(layers.PixelUnshuffle(2), block(12, halves[0]))
                self.down = layers.ModuleList(
                    layers.Sequential(block(a, b, 2), block(b, b)) for a, b in pairwise(halves)
                )
                self.deep = layers.Sequential(block(halves[-1], halves[-1]), block(halves[-1], halves[-1]))
                self.up = layers.ModuleList(
                    block(a + b, a) for a, b in zip(halves[-2::-1], halves[:0:-1], strict=True)
                )
                self.last = layers.Sequential(layers.Conv2d(halves[0], 12, 3, 1, 1), layers.PixelShuffle(2))

            def forward(self, hidden: Any) -> Any:
                seen = [self.first(hidden)]
                for down in self.down:
                    seen.append(down(seen[-1]))
                flow = self.deep(seen.pop())
                for up in self.up:
                    beside = seen.pop()
                    larger = layers.functional.interpolate(flow, scale_factor=2.0)
                    flow = up(torch.cat([beside, larger], dim=1))
                return hidden + self.last(flow)

        self._net = Net().to(memory_format=torch.channels_last)  # a third quicker
        self._seed = seed

    def train(self, hidden: Floats, wanted: Floats, epochs: int) -> None:
        """Both: shape (n, 3, height, width), sides multiples of 8."""
        torch = torch_of_one_thread()
        _fit(self._net, hidden, wanted, torch.nn.functional.l1_loss, epochs, self._seed)

    def restore(self, hidden: Floats) -> Floats:
        return _through(self._net, hidden)


def _fit(
    net: Any,
    inputs: NDArray[Any],
    outputs: NDArray[Any],
    loss: Callable[[Any, Any], Any],
    epochs: int,
    seed: int,
) -> None:
    torch = torch_of_one_thread()
    chance = np.random.default_rng(seed)
    steps = epochs * -(-len(inputs) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE * 2, total_steps=steps)
    net.train()
    for _ in range(epochs):
        order = chance.permutation(len(inputs))
        for first in range(0, len(order), BATCH):
            some = order[first : first + BATCH]
            optimiser.zero_grad()
            loss(net(torch.from_numpy(inputs[some])), torch.from_numpy(outputs[some])).backward()
            optimiser.step()
            schedule.step()


def _through(net: Any, inputs: NDArray[Any]) -> Floats:
    torch = torch_of_one_thread()
    net.eval()
    with torch.no_grad():
        parts = [
            net(torch.from_numpy(inputs[at : at + BATCH])).numpy() for at in range(0, len(inputs), BATCH)
        ]
    return np.asarray(np.concatenate(parts), dtype=np.float32)
