"""An ONNX model, run by ONNX Runtime: one that this program exported, or any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from archspec.backends.providers import CPU, PROVIDERS
from archspec.diagnostics import Refusal
from archspec.ir.dim import Dim, Size
from archspec.ir.graph import Graph, Value
from archspec.ir.types import BATCH, Shape, TensorType

ELEMENTS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int16)": "int16",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
"""NumPy's names of what ONNX Runtime calls the types of values."""

PIXELS = "uint8"
"""What a model takes that holds its preprocessing."""

FATAL = 4
"""The severity of which alone ONNX Runtime writes to stderr itself; its errors are told here."""

NO_MEMORY = ("allocate memory", "bad allocation", "bad_alloc")
"""Words that ONNX Runtime says when there is too little memory."""

REMEDY = "export the model again with `archspec export SPEC --onnx`"


class ModelError(Refusal):
    """A file is not a model that can be run."""


class ProviderError(ModelError):
    """ONNX Runtime cannot run models where it was asked to."""


class MismatchError(ModelError):
    """A model is not the one that its spec describes, or not for what it was given."""


class OnnxModel:
    """A model in an ONNX Runtime session.

    Attributes:
        metadata: What is stored beside the graph, by name.
        inputs: The types of what it takes, by name.
        outputs: The types of what it makes, by name.
    """

    def __init__(self, path: Path, provider: str = CPU) -> None:
        """Loads a model, with the files beside it that hold its weights, if there are any.

        Args:
            path: The file.
            provider: A key of `PROVIDERS`.

        Raises:
            OSError: The file cannot be read.
            ModelError: It is not an ONNX model.
            ProviderError: The provider is not there.
        """
        with path.open("rb"):
            pass  # what ONNX Runtime says of a file that is not there is about its own source
        self._session = _session(path, provider)
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.inputs = _types(self._session.get_inputs())
        self.outputs = _types(self._session.get_outputs())
        if not self.inputs:
            raise ModelError(f"{path} takes no inputs, so there is nothing to run it on")

    @property
    def fixed_batch(self) -> int | None:
        """How many examples it takes at once, if that is not free."""
        first = self._session.get_inputs()[0].shape[:1]
        return next((size for size in first if isinstance(size, int)), None)

    def graph(self, name: str) -> Graph:
        """Returns what the model says of itself, as a graph of inputs and outputs alone."""
        graph = Graph(name)
        for key, type_ in self.inputs.items():
            graph.add_input(key, type_)
        graph.outputs = {key: Value(key, type_) for key, type_ in self.outputs.items()}
        return graph

    def require(self, graph: Graph) -> None:
        """Checks that inputs and outputs have the names, types and shapes of the graph's.

        A model that holds its preprocessing takes pixels instead, in any layout.

        Raises:
            MismatchError: They have not.
        """
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        _require("inputs", graph.inputs, inputs, pixels=True)
        _require("outputs", graph.outputs, outputs, pixels=False)

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs by name.

        Raises:
            MismatchError: The model cannot run on these.
            MemoryError: They are too large.
        """
        names = list(self.outputs)
        try:
            return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))
        except Exception as error:  # its exceptions have no base of their own
            if any(words in str(error) for words in NO_MEMORY):
                raise MemoryError from error
            ours = "archspec.spec" in self.metadata
            raise MismatchError(
                f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}",
                REMEDY if ours else f"it takes {described(self.inputs)}",
            ) from error


def described(types: Mapping[str, TensorType]) -> str:
    """Returns names, element types and shapes as a message says them."""
    return ", ".join(
        f"{name}: {type_.dtype} [{', '.join(map(str, type_.shape))}]"
        for name, type_ in types.items()
    )


def _session(path: Path, provider: str) -> ort.InferenceSession:
    wanted, package = PROVIDERS[provider]
    there = ort.get_available_providers()
    if wanted not in there:
        known = [name for name, known in PROVIDERS.items() if known.name in there]
        raise ProviderError(
            f"this ONNX Runtime has no {provider} provider; it has {', '.join(known)}",
            f"use --provider {known[0] if known else CPU}, or install {package}",
        )
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    ort.set_default_logger_severity(FATAL)
    try:
        # Without its own way of falling back to another provider, which it tells on stdout.
        session = ort.InferenceSession(path, options, providers=[wanted], enable_fallback=0)
    except Exception as error:  # its exceptions have no base of their own
        if provider != CPU:
            _session(path, CPU)  # which raises what is wrong with the model itself
            raise _not_started(provider) from error
        if "external" in str(error).lower():
            raise ModelError(
                f"the weights of {path}, which are in a file of their own, cannot be read",
                "keep this file (such as MODEL.onnx.data) beside the model",
            ) from error
        raise ModelError(
            f"{path} is not an ONNX model that ONNX Runtime can run",
            "write one with `archspec export SPEC --onnx`",
        ) from error
    if session.get_providers()[0] != wanted:
        raise _not_started(provider)
    return session


def _not_started(provider: str) -> ProviderError:
    return ProviderError(
        f"ONNX Runtime could not start its {provider} provider",
        f"use --provider {CPU}, or see whether all is there that it needs: "
        f"{PROVIDERS[provider].package}",
    )


def _types(nodes: Sequence[ort.NodeArg]) -> dict[str, TensorType]:
    return {node.name: TensorType(_shape(node), _element(node)) for node in nodes}


def _element(node: ort.NodeArg) -> str:
    try:
        return ELEMENTS[node.type]
    except KeyError:
        raise ModelError(
            f"the model's {node.name} is {node.type}, and not a tensor of numbers"
        ) from None


def _shape(node: ort.NodeArg) -> Shape:
    """Returns the sizes of a value; the first one, the batch, is taken to be free."""
    sizes: list[Size] = [
        size if isinstance(size, int) else Dim.of(size or f"{node.name}_{axis}")
        for axis, size in enumerate(node.shape)
    ]
    return (BATCH, *sizes[1:]) if sizes else ()


def _require(
    what: str, values: Mapping[str, Value], given: Sequence[ort.NodeArg], *, pixels: bool
) -> None:
    names = [node.name for node in given]
    if names != list(values):
        raise MismatchError(
            f"the model's {what} are {', '.join(names) or 'none'}, but its spec's are "
            f"{', '.join(values)}",
            REMEDY,
        )
    for node, value in zip(given, values.values(), strict=True):
        type_ = value.type
        if pixels and _element(node) == PIXELS:
            continue
        if _element(node) != type_.dtype or not _agree(node.shape, type_.shape):
            shape = ", ".join(map(str, node.shape))
            raise MismatchError(
                f"the model's {node.name} is {node.type} [{shape}], but its spec's is "
                f"{type_.dtype} [{', '.join(map(str, type_.shape))}]",
                REMEDY,
            )


def _agree(given: Sequence[int | str | None], expected: Shape) -> bool:
    """Returns whether sizes that are numbers are those expected, and no others are."""
    return len(given) == len(expected) and all(
        size == wanted if isinstance(wanted, int) else not isinstance(size, int)
        for size, wanted in zip(given, expected, strict=True)
    )
