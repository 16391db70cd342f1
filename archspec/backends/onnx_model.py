"""An exported model, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from archspec.diagnostics import Refusal
from archspec.ir.graph import Graph, Value
from archspec.ir.types import Shape

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

ELEMENTS = {"float32": "tensor(float)", "int64": "tensor(int64)"}
"""What ONNX Runtime calls the types of a graph's values."""

REMEDY = "export the model again with `archspec export SPEC --onnx`"

BATCH = 256
"""Examples per call; the batch of an exported model is free."""


class ModelError(Refusal):
    """A file is not a model that this program exported."""


class ProviderError(ModelError):
    """ONNX Runtime cannot run models where it was asked to."""


class MismatchError(ModelError):
    """A model is not the one that its spec describes."""


class OnnxModel:
    """A model in an ONNX Runtime session.

    Attributes:
        metadata: What is stored beside the graph, by name.
    """

    def __init__(self, path: Path, provider: str = "cpu") -> None:
        """Loads a model.

        Args:
            path: The file.
            provider: A key of `PROVIDERS`.

        Raises:
            OSError: The file cannot be read.
            ModelError: It is not an ONNX model.
            ProviderError: The provider is not there.
        """
        content = path.read_bytes()
        wanted = PROVIDERS[provider]
        if wanted not in ort.get_available_providers():
            raise ProviderError(
                f"this ONNX Runtime has no {provider} provider",
                "use --provider cpu, or install onnxruntime-gpu",
            )
        options = ort.SessionOptions()
        options.log_severity_level = 3  # errors; its warnings are about its own choices
        try:
            self._session = ort.InferenceSession(content, options, providers=[wanted])
        except Exception as error:  # its exceptions have no base of their own
            raise ModelError(
                f"{path} is not an ONNX model that ONNX Runtime can run",
                "write one with `archspec export SPEC --onnx`",
            ) from error
        if self._session.get_providers()[0] != wanted:
            raise ProviderError(
                f"ONNX Runtime could not start its {provider} provider", "use --provider cpu"
            )
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def require(self, graph: Graph) -> None:
        """Checks that inputs and outputs have the names, types and shapes of the graph's.

        Raises:
            MismatchError: They have not.
        """
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        _require("inputs", graph.inputs, inputs)
        _require("outputs", graph.outputs, outputs)

    def run(self, inputs: np.ndarray, example: tuple[int, ...]) -> np.ndarray:
        """Returns the main output `[count, *example]` for `[count, *shape]` of the only input.

        Raises:
            MismatchError: The model cannot run, or makes something else.
        """
        name = self._session.get_inputs()[0].name
        output = self._session.get_outputs()[0].name
        made = []
        for start in range(0, len(inputs), BATCH):
            batch = inputs[start : start + BATCH]
            try:
                (array,) = self._session.run([output], {name: batch})
            except Exception as error:  # its exceptions have no base of their own
                raise MismatchError(
                    f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}", REMEDY
                ) from error
            expected = (len(batch), *example)
            if array.shape != expected or array.dtype != np.float32:
                raise MismatchError(
                    f"the model's output {output} is {array.dtype} {list(array.shape)} instead of "
                    f"float32 {list(expected)}",
                    REMEDY,
                )
            made.append(array)
        return np.concatenate(made)


def _require(what: str, values: Mapping[str, Value], given: Sequence[ort.NodeArg]) -> None:
    names = [node.name for node in given]
    if names != list(values):
        raise MismatchError(
            f"the model's {what} are {', '.join(names) or 'none'}, but its spec's are "
            f"{', '.join(values)}",
            REMEDY,
        )
    for node, value in zip(given, values.values(), strict=True):
        type_ = value.type
        if node.type != ELEMENTS.get(type_.dtype) or not _agree(node.shape, type_.shape):
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
