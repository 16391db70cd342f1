"""An exported model, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

BATCH = 256
"""Examples per call; the batch of an exported model is free."""


class ModelError(Exception):
    """A file is not a model that this program exported.

    Attributes:
        message: What is wrong.
        help: What to do about it, or an empty string.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class ProviderError(ModelError):
    """ONNX Runtime cannot run models where it was asked to."""


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

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Returns the main output for inputs `[count, *shape]` of its only input."""
        ((name, output),) = zip(
            (node.name for node in self._session.get_inputs()),
            (node.name for node in self._session.get_outputs()[:1]),
            strict=True,
        )
        batches = [inputs[start : start + BATCH] for start in range(0, len(inputs), BATCH)]
        return np.concatenate([self._session.run([output], {name: b})[0] for b in batches])
