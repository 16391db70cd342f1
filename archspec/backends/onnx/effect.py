"""What making a model smaller does to what it computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np
import onnxruntime as ort
from onnx import ModelProto, NodeProto, helper, numpy_helper

from archspec.backends.onnx.files import write

Batch: TypeAlias = Mapping[str, np.ndarray]
"""Examples `[count, *shape]` for every input of a model, by its name."""

SQUASHING = ("Sigmoid", "Softmax")
"""What turns logits into probabilities, which hardly differ where logits do."""

PASSING = ("Cast", "DequantizeLinear", "Identity", "QuantizeLinear")
"""What may stand behind it, and says the same in other numbers."""


def difference(before: ModelProto, after: ModelProto, batches: Iterable[Batch]) -> float:
    """Returns how far the logits of two models are apart, as a share of the largest.

    That is `max|a - b| / max|a|` of the outputs, or of what a final softmax or sigmoid takes;
    the largest where there are several.
    """
    sessions = [session(_with_logits(model)) for model in (before, after)]
    apart, largest = np.zeros(len(before.graph.output)), np.zeros(len(before.graph.output))
    for batch in batches:
        first, second = (s.run(None, dict(batch)) for s in sessions)
        for index, (a, b) in enumerate(zip(first, second, strict=True)):
            a, b = a.astype(np.float64), b.astype(np.float64)
            apart[index] = np.maximum(apart[index], np.abs(a - b).max())
            largest[index] = np.maximum(largest[index], np.abs(a).max())
    return float((apart / np.maximum(largest, np.finfo(float).tiny)).max())


def largest_value(model: ModelProto, batches: Iterable[Batch]) -> float:
    """Returns the largest magnitude of all weights and of all values between layers."""
    made = ModelProto()
    made.CopyFrom(model)
    del made.graph.output[:]
    names = [name for node in model.graph.node for name in node.output if name]
    made.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    running = session(made)
    arrays = [numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    arrays += [array for batch in batches for array in running.run(None, dict(batch))]
    floats = [array for array in arrays if array.dtype == np.float32 and array.size]
    return float(np.max([np.abs(array).max() for array in floats], initial=0.0))


def session(model: ModelProto) -> ort.InferenceSession:
    """Returns a session of ONNX Runtime that runs a model, of whatever size."""
    options = ort.SessionOptions()
    options.log_severity_level = 3  # errors; its warnings are about its own choices
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write(model, path)
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _with_logits(model: ModelProto) -> ModelProto:
    """Returns the model with logits instead of probabilities as its outputs."""
    made = ModelProto()
    made.CopyFrom(model)
    makers = {name: node for node in model.graph.node for name in node.output}
    names = [_logits(info.name, makers) for info in model.graph.output]
    del made.graph.output[:]
    made.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    return made


def _logits(output: str, makers: Mapping[str, NodeProto]) -> str:
    node = makers.get(output)
    while node is not None and node.op_type in PASSING:
        node = makers.get(node.input[0])
    return node.input[0] if node is not None and node.op_type in SQUASHING else output
