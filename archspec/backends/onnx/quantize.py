"""A model in 8-bit integers: a quarter of the size, and faster on processors that multiply them.

ONNX Runtime's static quantisation finds the range of every value between layers on examples,
and writes it into the graph as pairs of `QuantizeLinear` and `DequantizeLinear`, which every
runtime understands.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import ModelProto, helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

from archspec.backends.onnx.effect import Batch
from archspec.backends.onnx.precision import kept_single
from archspec.diagnostics import Refusal

QUANTISED = (
    "Add",
    "AveragePool",
    "Clip",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Flatten",
    "Gemm",
    "GlobalAveragePool",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Mul",
    "Pad",
    "Relu",
    "Reshape",
    "Resize",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)
"""The ONNX operators that 8 bits are enough for: not norms, and neither softmax nor sigmoid, whose
256 values would be the only probabilities there are."""

PRODUCTS = ("Conv", "Gemm", "MatMul")
"""What may stand before a softmax in 8 bits; the masks of attention, added there, may not."""

PREPARED = ("onnx.quant.pre_process", "onnxruntime.quant")
"""What tells ONNX Runtime that a graph has been optimised already."""


class QuantizationError(Refusal):
    """A model cannot be quantised, or not with these examples."""


def quantized(model: ModelProto, batches: Iterable[Batch]) -> ModelProto:
    """Returns the model with weights and arithmetic in int8; inputs and outputs stay as they are.

    Weights have a scale for each output channel.

    Args:
        model: A model in float32 with its batch norm folded; it is left as it is.
        batches: Examples like those that the model will be given.

    Raises:
        QuantizationError: There are no examples, the model cannot run on them, or nothing in
            it can be quantised.
    """
    made = _quantised(model, _Reader(batches))
    if not any(node.op_type == "QuantizeLinear" for node in made.graph.node):
        raise QuantizationError(
            "nothing in the network can be quantised", "export it without --int8"
        )
    return made


def _quantised(model: ModelProto, examples: _Reader) -> ModelProto:
    marked = ModelProto()
    marked.CopyFrom(model)
    kept = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(marked, kept | dict([PREPARED]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quantized.onnx"
        try:
            with _silence():
                quantize_static(
                    marked,
                    path,
                    examples,
                    op_types_to_quantize=[*QUANTISED],
                    nodes_to_exclude=[*_masks(model), *kept_single(model)],
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                )
        except MemoryError:
            raise
        except Exception as error:  # its exceptions have no base of their own
            raise _refusal(examples, error) from error
        made = onnx.load(path)
    helper.set_model_props(made, kept)
    return made


def _refusal(examples: _Reader, error: Exception) -> QuantizationError:
    if not examples.count:
        return QuantizationError(
            "there are no examples to calibrate with", "give some: --calibration FILE.npz"
        )
    said, *_ = (str(error) or type(error).__name__).splitlines()
    return QuantizationError(
        f"ONNX Runtime cannot quantise the model: {said}",
        "calibrate with examples like those of training: --calibration FILE.npz",
    )


def _masks(model: ModelProto) -> list[str]:
    """Returns the nodes before a softmax that may add a mask, which no range of 8 bits holds."""
    normalised = {node.input[0] for node in model.graph.node if node.op_type == "Softmax"}
    return [
        node.name
        for node in model.graph.node
        if node.op_type not in PRODUCTS and normalised & {*node.output}
    ]


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps what ONNX Runtime and NumPy think of each value away from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """The examples as ONNX Runtime asks for them.

    Attributes:
        count: How many batches it has been given.
    """

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)
        self.count = 0

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Returns the next batch, if there is one."""
        batch = next(self._batches, None)
        if batch is None:
            return None
        self.count += 1
        return dict(batch)
