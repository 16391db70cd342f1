"""Where ONNX Runtime can run a model, and what has to be installed for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Provider(NamedTuple):
    """An execution provider of ONNX Runtime.

    Attributes:
        name: What ONNX Runtime calls it.
        package: The package that has it, and what this needs.
    """

    name: str
    package: str


CPU = "cpu"
"""The provider that every ONNX Runtime has."""

PROVIDERS: Mapping[str, Provider] = {
    CPU: Provider("CPUExecutionProvider", "onnxruntime"),
    "cuda": Provider("CUDAExecutionProvider", "onnxruntime-gpu (an NVIDIA GPU with CUDA, cuDNN)"),
    "tensorrt": Provider("TensorrtExecutionProvider", "onnxruntime-gpu (with NVIDIA's TensorRT)"),
    "openvino": Provider("OpenVINOExecutionProvider", "onnxruntime-openvino (Intel processors)"),
    "coreml": Provider("CoreMLExecutionProvider", "onnxruntime on macOS"),
}
