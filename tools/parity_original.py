"""A network of another library with random weights: its outputs, its file, its training step."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from keras_weights import save, set_random_weights, settle
from originals import keras_network, randomise, torch_network
from parity_table import graph_for
from torch import nn
from torch.overrides import TorchFunctionMode

HEADS = {"aux_logits": "aux", "aux_logits1": "aux1", "aux_logits2": "aux2"}
"""Our heads by what torchvision calls them."""

Shape = tuple[int, int, int]
Outputs = dict[str, np.ndarray]


class Original(Protocol):
    """A network of another library."""

    def randomise(self, images: np.ndarray) -> None:
        """Gives it random weights, and statistics around those of images."""

    def outputs(self, images: np.ndarray) -> Outputs:
        """Returns what it makes of images in evaluation mode, by our names."""

    def save(self, folder: Path) -> Path:
        """Writes its weights and statistics; returns the file."""

    def step(self, images: np.ndarray, folder: Path) -> tuple[Outputs, Path]:
        """Goes forward and back once, as in training, in double precision and without dropout.

        Returns:
            The outputs; and a file with the gradients where the weights were, and with the
            updated statistics.
        """


def original_of(key: str, shape: Shape) -> Original:
    """Returns the network of a key in `zoo.json`."""
    main = next(iter(graph_for(key, shape).outputs))
    if key.startswith("keras_"):
        return KerasOriginal(key, shape, main)
    return TorchOriginal(torch_network(key), main, has_heads=key.endswith("_aux"))


def random_images(count: int, shape: Shape, seed: int = 1) -> np.ndarray:
    """Returns images of noise, each of another colour."""
    generator = np.random.default_rng(seed)
    colours = generator.normal(size=(count, shape[0], 1, 1))
    return (colours + generator.normal(size=(count, *shape))).astype(np.float32)


def loss_of(outputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Returns a sum of outputs, each value times a random number."""
    total = torch.zeros((), dtype=torch.float64)
    for number, name in enumerate(sorted(outputs)):
        factors = np.random.default_rng(number).normal(size=tuple(outputs[name].shape))
        total = total + (outputs[name] * torch.from_numpy(factors)).sum()
    return total


class NoDropout(TorchFunctionMode):
    """Hands on what dropout is given, whether it is a layer or a function."""

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        """Calls a function, if it is not dropout."""
        return args[0] if func is nn.functional.dropout else func(*args, **(kwargs or {}))


class TorchOriginal:
    """A network of torchvision or timm."""

    def __init__(self, network: nn.Module, main: str, *, has_heads: bool) -> None:
        self.network, self.main = network.eval(), main
        # Heads are there as in training, but all layers work as for inference.
        self.network.training = has_heads

    def randomise(self, images: np.ndarray) -> None:
        """Gives it random weights, and statistics around those of images."""
        randomise(self.network, torch.from_numpy(images))

    def outputs(self, images: np.ndarray) -> Outputs:
        """Returns what it makes of images in evaluation mode, by our names."""
        with torch.no_grad():
            made = self._named(self.network(torch.from_numpy(images)))
        return {name: tensor.numpy() for name, tensor in made.items()}

    def save(self, folder: Path) -> Path:
        """Writes its weights and statistics; returns the file."""
        torch.save(self.network.state_dict(), folder / "net.pth")
        return folder / "net.pth"

    def step(self, images: np.ndarray, folder: Path) -> tuple[Outputs, Path]:
        """Goes forward and back once, as `Original` says."""
        network = copy.deepcopy(self.network).double().train()
        with NoDropout():
            made = self._named(network(torch.from_numpy(images).double()))
        torch.autograd.backward(loss_of(made))
        gradients = {name: tensor.grad for name, tensor in network.named_parameters()}
        torch.save(network.state_dict() | gradients, folder / "step.pth")
        return {name: tensor.detach().numpy() for name, tensor in made.items()}, folder / "step.pth"

    def _named(self, made: Any) -> dict[str, torch.Tensor]:  # noqa: ANN401 - a tensor, or several
        named = made._asdict() if hasattr(made, "_asdict") else {self.main: made}
        return {HEADS.get(name, self.main): tensor for name, tensor in named.items()}


class KerasOriginal:
    """A network of Keras, on its torch backend."""

    def __init__(self, key: str, shape: Shape, main: str) -> None:
        self.key, self.shape, self.main = key, shape, main
        self.network = keras_network(key, shape)

    def randomise(self, images: np.ndarray) -> None:
        """Gives it random weights, and statistics around those of images."""
        set_random_weights(self.network)
        settle(self.network, _channels_last(images))

    def outputs(self, images: np.ndarray) -> Outputs:
        """Returns what it makes of images in evaluation mode, by our names."""
        made = self.network(_channels_last(images), training=False)
        return {self.main: made.detach().numpy()}

    def save(self, folder: Path) -> Path:
        """Writes its weights and statistics; returns the file."""
        save(self.network, folder / "net.keras")
        return folder / "net.keras"

    def step(self, images: np.ndarray, folder: Path) -> tuple[Outputs, Path]:
        """Goes forward and back once, as `Original` says."""
        with _in_double_precision():
            network = keras_network(self.key, self.shape)
            network.set_weights(self.network.get_weights())
            with NoDropout():
                made = network(torch.from_numpy(_channels_last(images)).double(), training=True)
            torch.autograd.backward(loss_of({self.main: made}))
            for variable in network.trainable_variables:
                variable.assign(variable.value.grad)
            save(network, folder / "step.keras")
        return {self.main: made.detach().numpy()}, folder / "step.keras"


@contextmanager
def _in_double_precision() -> Iterator[None]:
    """Lets Keras compute in double precision: it narrows 64 bits to 32, as JAX does by default."""
    config = importlib.import_module("keras").config
    narrowed = importlib.import_module("keras.src.backend.common.dtypes").BIT64_TO_BIT32_DTYPE
    before, narrow = config.dtype_policy(), dict(narrowed)
    config.set_dtype_policy("float64")
    narrowed.clear()
    try:
        yield
    finally:
        config.set_dtype_policy(before)
        narrowed.update(narrow)


def _channels_last(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
